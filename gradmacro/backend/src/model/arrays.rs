//! The option `arrays`: the body is written over ndarray, and the outside sees tensors.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, ItemFn, Lifetime, Pat, PathArguments, ReturnType, Token, Type, TypePath, TypeReference,
    parse_quote, parse_quote_spanned,
};

use crate::model::parameter::Parameter;
use crate::names::{self, Contract};
use crate::report::Report;
use crate::syntax::groups::peeled_type;
use crate::syntax::types::{self, is_constant};
use crate::syntax::written::type_as_written;

/// What the body sees, where the outside sees tensors.
pub(crate) struct Arrays {
    /// One for each parameter other than `self`: how the body binds it, if it is an array.
    pub(crate) parameters: Vec<Option<Binding>>,
    /// What a pair's value must be.
    pub(crate) output: Type,
}

/// How the body binds an array.
pub(crate) struct Binding {
    pub(crate) mutability: Option<Token![mut]>,
    pub(crate) ty: Type,
    pub(crate) optional: bool,
}

/// Takes the arrays out of the signature, and puts tensors there.
///
/// Input: `fn f(mut a: Array2<f32>, n: usize) -> Result<Array1<f32>, String>`
///
/// Output: `fn f(a: &Tensor<f32>, n: usize) -> Result<Tensor<f32>, String>`
pub(crate) fn take(function: &mut ItemFn, contract: &Contract, report: &mut Report) -> Arrays {
    let parameters = function
        .sig
        .inputs
        .iter_mut()
        .filter_map(|input| match input {
            FnArg::Typed(input) => Some(parameter(&mut input.pat, &mut input.ty, contract, report)),
            FnArg::Receiver(_) => None,
        })
        .collect::<Vec<_>>();
    let name = &function.sig.ident;
    if parameters.iter().all(Option::is_none) && !report.has_errors() {
        report.error(
            if function.sig.inputs.is_empty() {
                function.sig.to_token_stream()
            } else {
                function.sig.inputs.to_token_stream()
            },
            format_args!(
                "`{name}` has no array parameter; expected one to which a gradient flows, such as `a: ArrayView2<f32>`"
            ),
        );
    }
    let output = match &mut function.sig.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => {
            let value = types::in_result_mut(ty);
            let written = value.clone();
            outputs(value, contract, report);
            written
        }
    };
    Arrays { parameters, output }
}

fn parameter(pattern: &mut Pat, ty: &mut Type, contract: &Contract, report: &mut Report) -> Option<Binding> {
    let shown = pattern.to_token_stream().to_string().replace("mut ", "");
    if let Some(dtype) = types::is_tensor(optional(ty).unwrap_or(&*ty)) {
        let found = type_as_written(&*ty);
        let (view, passed) = match optional(ty) {
            Some(_) => (format!("Option<ArrayView2<{dtype}>>"), "Option<&Tensor>"),
            None => (format!("ArrayView2<{dtype}>"), "&Tensor"),
        };
        report.error(
            &*ty,
            format_args!("with `arrays` the body sees arrays: expected a view of `{shown}` with its rank, such as `{shown}: {view}`, found `{found}`; callers pass `{passed}` all the same"),
        );
        return None;
    }
    match Written::of(ty) {
        Written::Other => None,
        Written::Refused(remedy) => {
            let found = type_as_written(&*ty);
            let message = format!("`{shown}` cannot be `{found}`: {}", remedy.replace("{name}", &shown));
            report.error(&*ty, message);
            None
        }
        Written::Array { dtype, lifetime, optional } => {
            let place = names::at(ty.span());
            let tensor = contract.item("Tensor", place);
            let outside = match optional {
                true => parse_quote_spanned!(place=> ::core::option::Option<& #lifetime #tensor<#dtype>>),
                false => parse_quote_spanned!(place=> & #lifetime #tensor<#dtype>),
            };
            let ty = std::mem::replace(ty, outside);
            let mutability = match pattern {
                Pat::Ident(binding) => binding.mutability.take(),
                _ => None,
            };
            Some(Binding { mutability, ty, optional })
        }
    }
}

fn outputs(ty: &mut Type, contract: &Contract, report: &mut Report) {
    let found = type_as_written(&*ty);
    match ty {
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            tuple.elems.iter_mut().for_each(|ty| outputs(ty, contract, report));
        }
        Type::Paren(inner) => outputs(&mut inner.elem, contract, report),
        ty => match Written::of(ty) {
            Written::Array { dtype, optional: false, .. } if !matches!(ty, Type::Reference(_)) => {
                let place = names::at(ty.span());
                let tensor = contract.item("Tensor", place);
                *ty = parse_quote_spanned!(place=> #tensor<#dtype>);
            }
            _ if is_constant(ty) => report.error(
                &*ty,
                format_args!("with `arrays` a function returns arrays, which callers get as tensors: expected `Array0<{found}>`, found `{found}`; the pair may hold the number itself"),
            ),
            _ => report.error(
                &*ty,
                format_args!("with `arrays` a function returns arrays, which callers get as tensors: expected an array or a tuple of arrays, such as `Array2<f32>`, found `{found}`"),
            ),
        },
    }
}

/// What a type is, as far as its syntax shows.
enum Written {
    Array {
        dtype: Box<Type>,
        lifetime: Option<Lifetime>,
        /// In an `Option`.
        optional: bool,
    },
    /// What comes near an array, with the reason and the remedy, in which `{name}` stands for the parameter.
    Refused(String),
    Other,
}

impl Written {
    fn of(ty: &Type) -> Self {
        match ty {
            Type::Paren(inner) => Written::of(&inner.elem),
            Type::Reference(reference) => Written::of_reference(reference),
            Type::Path(path) => match optional(ty) {
                Some(inner) => Written::of_optional(inner),
                None => Written::of_path(path),
            },
            _ => Written::Other,
        }
    }

    fn of_reference(reference: &TypeReference) -> Self {
        match Written::of(&reference.elem) {
            Written::Array { .. } if reference.mutability.is_some() => {
                Written::writable(&type_as_written(&reference.elem))
            }
            Written::Array { dtype, lifetime, optional: false } => {
                Written::Array { dtype, lifetime: reference.lifetime.clone().or(lifetime), optional: false }
            }
            Written::Array { .. } => {
                let optional = type_as_written(&reference.elem);
                Written::Refused(format!("it stands in for an optional tensor; take `{{name}}: {optional}`"))
            }
            other => other,
        }
    }

    fn of_optional(inner: &Type) -> Self {
        match Written::of(inner) {
            Written::Array { dtype, .. } if matches!(peeled_type(inner), Type::Reference(_)) => {
                let dtype = type_as_written(&dtype);
                Written::Refused(format!(
                    "an optional array is seen as a view; take `{{name}}: Option<ArrayView2<{dtype}>>`, with its rank"
                ))
            }
            Written::Array { dtype, lifetime, .. } => Written::Array { dtype, lifetime, optional: true },
            other => other,
        }
    }

    fn of_path(path: &TypePath) -> Self {
        const FORMS: [&str; 5] = ["Array", "ArrayView", "ArrayRef", "ArcArray", "CowArray"];
        let Some(last) = path.path.segments.last() else { return Written::Other };
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return Written::Other };
        let name = last.ident.to_string();
        // `2` in `ArrayView2`, `D` in `ArrayViewD`.
        let form = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let form = form.strip_suffix('D').unwrap_or(form);
        let dtype = arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(Box::new(ty.clone())),
            _ => None,
        });
        let lifetime = arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Lifetime(lifetime) if lifetime.ident != "_" => Some(lifetime.clone()),
            _ => None,
        });
        match (form, dtype) {
            ("ArrayViewMut", Some(_)) => {
                Written::writable(&type_as_written(&Type::Path(path.clone())).replace("ViewMut", ""))
            }
            ("ArrayBase", Some(_)) => Written::Refused(
                "its elements may be held in any way; take a view, such as `{name}: ArrayView<f32, D>`".to_owned(),
            ),
            (form, Some(dtype)) if FORMS.contains(&form) => Written::Array { dtype, lifetime, optional: false },
            _ => Written::Other,
        }
    }

    fn writable(owned: &str) -> Self {
        Written::Refused(format!("a tensor is not written to; take `mut {{name}}: {owned}`, a copy of its own"))
    }
}

impl Arrays {
    /// The parameters that the body binds by `mut`.
    pub(crate) fn mutable(&self, parameters: &[Parameter]) -> Vec<Ident> {
        let is_mutable =
            |binding: &Option<Binding>| binding.as_ref().is_some_and(|binding| binding.mutability.is_some());
        let pairs = self.parameters.iter().zip(parameters);
        pairs.filter(|(binding, _)| is_mutable(binding)).map(|(_, parameter)| parameter.name.clone()).collect()
    }

    /// The types that the user wrote, so that rustc sees them used where the function is refused.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Type> {
        self.parameters.iter().flatten().map(|binding| &binding.ty).chain([&self.output])
    }
}

/// The `T` of an `Option<T>`.
fn optional(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peeled_type(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}
