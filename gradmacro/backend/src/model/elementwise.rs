//! The option `elementwise`: what the parameters of a function of one element are.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, FnArg, Generics, ItemFn, Signature, Type, parse_quote};

use crate::model::parameter::{Parameter, ParameterKind};
use crate::names::{self, Contract};
use crate::syntax::groups::peeled_type;
use crate::syntax::mention::Mentioned;
use crate::syntax::types::{bounds, is_tensor, trait_name};
use crate::syntax::written::type_as_written;

/// What is particular to a function of one element.
pub(crate) struct Elementwise {
    /// The type of the result, and so of the inputs.
    pub(crate) scalar: Type,
    /// Whether that is a type parameter of the function.
    pub(crate) is_generic: bool,
    /// By number of the parameter.
    pub(crate) roles: Vec<Role>,
    /// What callers see: tensors for the inputs and the result.
    pub(crate) signature: Signature,
    /// Why the function has no second derivative, if it has none.
    pub(crate) once: Option<String>,
    /// Whether the body calls functions that are not computed on vectors: the loop is then compiled otherwise.
    pub(crate) calls: bool,
}

/// What a parameter is. All but the inputs are constants.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Input,
    /// A constant of the type of the inputs.
    Scalar,
    /// A constant of another type, taken by value.
    Value,
    /// A constant of another type, taken by reference.
    Reference,
}

/// Traits that a number with its derivative implements, and that do not make a number real.
pub(crate) const PLAIN: [&str; 11] =
    ["Number", "Element", "Copy", "Clone", "Debug", "Display", "Default", "PartialEq", "PartialOrd", "Send", "Sync"];

impl Role {
    /// Whether it is a constant of another type than the inputs.
    pub(crate) fn is_other(self) -> bool {
        matches!(self, Role::Value | Role::Reference)
    }
}

impl Elementwise {
    pub(super) fn new(scalar: &Type, function: &ItemFn, parameters: &[Parameter], contract: &Contract) -> Self {
        let text = |ty: &Type| peeled_type(ty).to_token_stream().to_string();
        let role = |parameter: &Parameter| match &parameter.ty {
            ty if text(ty) == text(scalar) && parameter.kind == ParameterKind::ByType => Role::Input,
            ty if text(ty) == text(scalar) => Role::Scalar,
            ty if matches!(peeled_type(ty), Type::Reference(_)) => Role::Reference,
            _ => Role::Value,
        };
        let roles: Vec<Role> = parameters.iter().map(role).collect();
        let scalar = peeled_type(scalar).clone();
        let generics = &function.sig.generics;
        let is_generic = generics.type_params().any(|parameter| scalar_is(&scalar, &parameter.ident));
        let constants =
            parameters.iter().zip(&roles).filter(|(_, role)| role.is_other()).map(|(parameter, _)| parameter);
        Elementwise {
            signature: signature(&function.sig, &scalar, parameters, &roles, contract),
            once: if is_generic { why_once(&scalar, generics, constants) } else { Some(fixed(&scalar)) },
            calls: calls(&function.block),
            scalar,
            is_generic,
            roles,
        }
    }

    fn of_role<'a>(&self, role: Role, parameters: &'a [Parameter]) -> Vec<&'a Parameter> {
        parameters
            .iter()
            .zip(&self.roles)
            .filter(|(_, found)| **found == role)
            .map(|(parameter, _)| parameter)
            .collect()
    }

    /// The names of the inputs.
    pub(crate) fn inputs(&self, parameters: &[Parameter]) -> Vec<String> {
        self.of_role(Role::Input, parameters).into_iter().map(|parameter| parameter.shown.clone()).collect()
    }
}

/// Whether the scalar is the type parameter of that name.
pub(crate) fn scalar_is(scalar: &Type, name: &Ident) -> bool {
    matches!(peeled_type(scalar), Type::Path(path) if path.path.is_ident(name))
}

/// The signature that callers see: tensors for the inputs and the result.
fn signature(
    written: &Signature,
    scalar: &Type,
    parameters: &[Parameter],
    roles: &[Role],
    contract: &Contract,
) -> Signature {
    let mut signature = written.clone();
    let tensor_of = |place: Span| {
        let tensor = contract.item("Tensor", place);
        quote_spanned!(place=> #tensor<#scalar>)
    };
    let inputs = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    for (input, (Parameter { name, .. }, role)) in inputs.zip(parameters.iter().zip(roles)) {
        *input.pat = parse_quote!(#name);
        if *role == Role::Input && is_tensor(&input.ty).is_none() {
            let tensor = tensor_of(names::at(input.ty.span()));
            *input.ty = parse_quote!(&#tensor);
        }
    }
    if is_tensor(scalar).is_none() {
        let tensor = tensor_of(names::at(scalar.span()));
        signature.output = parse_quote!(-> #tensor);
    }
    signature
}

fn fixed(scalar: &Type) -> String {
    let scalar = scalar.to_token_stream();
    format!("its gradient is computed on `{scalar}`, which no tape sees; make the function generic over `T: Real`")
}

/// Why a function that is generic over its element has no second derivative, if it has none.
fn why_once<'a>(
    scalar: &Type,
    generics: &Generics,
    mut constants: impl Iterator<Item = &'a Parameter>,
) -> Option<String> {
    let scalar = scalar.to_token_stream().to_string();
    let made_of_scalar = constants.find(|constant| Mentioned::among(&constant.ty).contains(&scalar));
    if let Some(Parameter { name, ty, .. }) = made_of_scalar {
        let ty = type_as_written(ty);
        return Some(format!(
            "its constant `{name}` is of type `{ty}`, which is fixed; make it one of `f64`, and convert by `{scalar}::of`"
        ));
    }
    let mut bounds = bounds(generics, &scalar);
    let is_other = |name: String| name != "Real" && !PLAIN.contains(&name.as_str());
    let other = bounds.find(|bound| trait_name(bound).is_some_and(is_other))?;
    let other = type_as_written(other);
    Some(format!(
        "`{scalar}` has the bound `{other}`, which a number with its derivative may not meet; write `{scalar}: Real` alone"
    ))
}

/// Whether a body mentions a function that neither processors nor the library compute on vectors. What is not seen, because it
/// stands in another function, costs time alone.
fn calls(body: &Block) -> bool {
    const CALLED: [&str; 20] = [
        "exp2",
        "log",
        "log2",
        "log10",
        "sin_cos",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "asinh",
        "acosh",
        "atanh",
        "cbrt",
        "hypot",
        "rem_euclid",
        "div_euclid",
        "gamma",
        "ln_gamma",
    ];
    let mentioned = Mentioned::among(body);
    CALLED.iter().any(|name| mentioned.contains(name))
}
