//! The option `check(…)`: a test of the rule against differences, after the function.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprLit, FnArg, GenericParam, Lifetime, Lit, Type, parse_quote};

use super::tokens::nested;
use crate::model::GradFn;
use crate::model::checked::{argument_of, exemptions};
use crate::model::options::Check;
use crate::model::parameter::{Parameter, ParameterKind};
use crate::names;
use crate::syntax::groups::peeled_type;
use crate::syntax::types::{are_bounded, bounds, is_tensor};
use crate::syntax::values::is_none;

/// The dtypes with which a generic function is checked.
const DTYPES: [&str; 2] = ["f64", "f32"];

/// The test.
///
/// Input: `#[custom_gradient(check(x = [2, 3], n = 4))] fn power(x: &Tensor, n: i32) -> Tensor { … }`
///
/// Output, with paths shortened, after the function:
///
/// ```text
/// #[cfg(test)]
/// #[test]
/// fn power_gradients() {
///     use dispatch::*;
///     check_rule(
///         "power",
///         ..,
///         ((&&CheckedParameter::<&Tensor>::new("x", 0)).__sizes([2, 3]), ((&&CheckedParameter::<i32>::new("n", 1)).__value(4), ())),
///         |(argument_0, (argument_1, ()))| power(argument_0, argument_1),
///     );
/// }
/// ```
///
/// In place of `..` stand options, if the function is elementwise or an exemption is given. A function generic over its
/// dtype is checked with each of [`DTYPES`].
pub(super) fn test(function: &GradFn, check: &Check) -> TokenStream {
    let dispatch = function.contract.get("dispatch");
    let place = check.name.span();
    let name = names::test_of(&function.function.sig.ident, place);
    let conditions = function.function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let is_generic = function.function.sig.generics.type_params().any(|parameter| is_dtype(function, &parameter.ident));
    let dtypes = if is_generic { &DTYPES[..] } else { &DTYPES[..1] };
    let runs = dtypes.iter().map(|dtype| run(function, check, dtype));
    // At the option itself: rustc warns there if no harness can see the test.
    let head = quote_spanned!(place=> #[cfg(test)] #[::core::prelude::v1::test] fn #name());
    quote! {
        #(#conditions)*
        #[allow(deprecated)]
        #head {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(#runs)*
        }
    }
}

/// The check with one dtype.
fn run(function: &GradFn, check: &Check, dtype: &str) -> TokenStream {
    let signature = &function.function.sig;
    let place = check.name.span();
    let (check_rule, name) = (function.contract.item("check_rule", place), signature.ident.unraw().to_string());
    let parameters = function.parameters.iter().zip(types(function)).enumerate();
    let given: Vec<TokenStream> = parameters
        .filter_map(|(position, (parameter, ty))| {
            let ty = written_type(function, ty, dtype);
            Some(given(function, parameter, position, ty, argument_of(check, parameter)?))
        })
        .collect();
    let arguments: Vec<Ident> = (0..given.len()).map(names::argument).collect();
    let pattern = nested(arguments.iter().map(ToTokens::to_token_stream));
    let given = nested(given);
    // Items are called by name, whatever the place of the name.
    let mut called = signature.ident.clone();
    called.set_span(names::at(place));
    let (turbofish, options) = (turbofish(function, dtype), options(function, check));
    quote_spanned!(names::at(place)=> #check_rule(#name, #options, #given, |#pattern| #called #turbofish (#(#arguments),*));)
}

/// How the check is made.
fn options(function: &GradFn, check: &Check) -> TokenStream {
    let elementwise = function.form.is_elementwise().then(|| quote!(.any_length()));
    let exemption = exemptions(function, check).next().map(|(name, _, reason)| quote!(.#name(#reason)));
    if elementwise.is_none() && exemption.is_none() {
        return quote!(..);
    }
    let options = function.contract.item("CheckOptions", check.name.span());
    quote!(<#options as ::core::default::Default>::default() #elementwise #exemption)
}

/// The types of the parameters as callers see them.
fn types(function: &GradFn) -> impl Iterator<Item = &Type> {
    function.signature().inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(peeled_type(&input.ty)),
        FnArg::Receiver(_) => None,
    })
}

/// What an argument becomes: the type of the parameter decides, where it can be written.
fn given(function: &GradFn, parameter: &Parameter, position: usize, ty: Option<Type>, value: &Expr) -> TokenStream {
    let contract = &function.contract;
    let place = names::at(value.span());
    // Of what an `Option` might hold nothing is known then, and nothing needs to be.
    let Some(ty) = ty.filter(|_| !is_none(value)) else {
        let passed = contract.item("Passed", place);
        return quote_spanned!(place=> #passed(#value));
    };
    let (checked, shown, position) = (contract.item("CheckedParameter", place), &parameter.shown, position as u64);
    let position = proc_macro2::Literal::u64_unsuffixed(position);
    let method = names::method::given(is_sizes(value), place);
    let given = quote_spanned!(place=> (&&#checked::<#ty>::new(#shown, #position)).#method(#value));
    match parameter.kind {
        ParameterKind::Nondiff => {
            let fixed = contract.item("Fixed", place);
            quote_spanned!(place=> #fixed(#given))
        }
        ParameterKind::ByType => given,
    }
}

/// Whether an array may be a list of sizes: not one of floats, of arrays, or of anything else that is visibly no size.
fn is_sizes(value: &Expr) -> bool {
    let is_size = |element: &Expr| match element {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => matches!(number.suffix(), "" | "usize"),
        Expr::Path(_) | Expr::Binary(_) | Expr::Paren(_) | Expr::Field(_) => true,
        Expr::Cast(cast) => matches!(&*cast.ty, Type::Path(ty) if ty.path.is_ident("usize")),
        _ => false,
    };
    matches!(value, Expr::Array(array) if array.elems.iter().all(is_size))
}

/// Whether a type parameter is the dtype of tensors.
fn is_dtype(function: &GradFn, parameter: &Ident) -> bool {
    let name = parameter.to_string();
    are_bounded(bounds(&function.function.sig.generics, &name), &["Real", "Number", "Element"])
        || types(function).any(|ty| is_tensor(ty).as_ref() == Some(&name))
}

/// The generic arguments of the call: dtypes are said, the rest is inferred.
fn turbofish(function: &GradFn, dtype: &str) -> Option<TokenStream> {
    let dtype = Ident::new(dtype, proc_macro2::Span::mixed_site());
    let arguments: Vec<TokenStream> = function
        .function
        .sig
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) if is_dtype(function, &parameter.ident) => {
                Some(quote!(::core::primitive::#dtype))
            }
            GenericParam::Type(_) | GenericParam::Const(_) => Some(quote!(_)),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!arguments.is_empty()).then(|| quote!(::<#(#arguments),*>))
}

/// The type of a parameter outside its function: lifetimes inferred, dtypes replaced. `None` if another generic parameter
/// is in it.
fn written_type(function: &GradFn, ty: &Type, dtype: &str) -> Option<Type> {
    let mut ty = ty.clone();
    let mut rewriter = Rewriter { function, dtype: Ident::new(dtype, proc_macro2::Span::mixed_site()) };
    rewriter.visit_type_mut(&mut ty);
    let generics = &function.function.sig.generics;
    let others = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    let mut finder = Unwritable { names: others.collect(), found: false };
    finder.visit_type(&ty);
    (!finder.found).then_some(ty)
}

struct Rewriter<'a> {
    function: &'a GradFn,
    dtype: Ident,
}

impl VisitMut for Rewriter<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(path) if path.path.get_ident().is_some_and(|name| self.is_dtype(name)) => {
                let dtype = &self.dtype;
                *ty = parse_quote!(::core::primitive::#dtype);
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }
}

impl Rewriter<'_> {
    fn is_dtype(&self, name: &Ident) -> bool {
        let mut generics = self.function.function.sig.generics.type_params();
        generics.any(|parameter| parameter.ident == *name) && is_dtype(self.function, name)
    }
}

/// Finds what cannot be written outside the function.
struct Unwritable<'a> {
    names: Vec<&'a Ident>,
    found: bool,
}

impl Visit<'_> for Unwritable<'_> {
    fn visit_ident(&mut self, name: &Ident) {
        self.found |= self.names.contains(&name);
    }
    fn visit_type(&mut self, ty: &Type) {
        self.found |= matches!(ty, Type::ImplTrait(_));
        visit::visit_type(self, ty);
    }
}
