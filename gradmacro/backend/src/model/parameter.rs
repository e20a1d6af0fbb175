//! The parameters of a function, with what is known of each before its type is.

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, FnArg, ItemFn, Pat, PatType, Type, parse_quote};

use crate::names;
use crate::report::Report;
use crate::syntax::attributes::is_for_lints;
use crate::syntax::groups::peeled_type;
use crate::syntax::mention::Mentioned;
use crate::syntax::types::{is_constant, is_list, is_tensor};

/// A parameter other than `self`.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// As messages call it.
    pub(crate) shown: String,
    /// Where the user takes the argument apart.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
    pub(crate) kind: ParameterKind,
    /// Its attributes that set lints.
    pub(crate) lints: Vec<Attribute>,
    /// Whether the body never mentions it.
    pub(crate) unused: bool,
}

/// What is known of a parameter before its type is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ParameterKind {
    /// The type decides.
    ByType,
    /// Marked `#[nondiff]`.
    Nondiff,
}

/// Describes the parameters, takes `#[nondiff]` off them, and gives a name to `_`.
pub(super) fn parameters(function: &mut ItemFn, variables: &[Expr], report: &mut Report) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let (body, listed) = (&function.block, variables);
    let mentioned = Mentioned::among(&quote!(#body #(#listed)*));
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let PatType { attrs, pat, ty, .. } = match input {
            FnArg::Typed(input) => input,
            FnArg::Receiver(receiver) => {
                if let Some(attribute) =
                    receiver.attrs.iter().find(|attribute| attribute.path().is_ident(names::NONDIFF))
                {
                    report.error(attribute, "`self` takes no gradient anyway; remove `#[nondiff]`");
                }
                continue;
            }
        };
        let marked = attrs.iter().any(|attribute| attribute.path().is_ident(names::NONDIFF));
        attrs.retain(|attribute| !attribute.path().is_ident(names::NONDIFF));
        let shown = match &**pat {
            Pat::Ident(binding) => binding.ident.unraw().to_string(),
            pattern => pattern.to_token_stream().to_string(),
        };
        let (name, pattern) = match &mut **pat {
            Pat::Ident(binding) => (binding.ident.clone(), None),
            pat @ Pat::Wild(_) => {
                let name = names::unnamed_parameter(index);
                *pat = parse_quote!(#name);
                (name, None)
            }
            pat => (names::unnamed_parameter(index), Some(pat.clone())),
        };
        let kind = if marked { ParameterKind::Nondiff } else { ParameterKind::ByType };
        let lints = attrs.iter().filter(|attribute| is_for_lints(attribute));
        let unused = pattern.is_none() && !mentioned.contains(&name.to_string());
        let lints = lints.cloned().collect();
        parameters.push(Parameter { name, shown, pattern, ty: peeled_type(ty).clone(), kind, lints, unused });
    }
    parameters
}

/// Whether one parameter is written as a list or a tuple, and none as a tensor: its gradients may be all there are.
pub(super) fn is_one_list(parameters: &[Parameter]) -> bool {
    let by_type = || parameters.iter().filter(|parameter| parameter.kind == ParameterKind::ByType);
    let is_real = |parameter: &Parameter| {
        is_tensor(&parameter.ty).is_some_and(|dtype| !["i32", "i64", "u8", "bool"].contains(&dtype.as_str()))
    };
    let lists = by_type().filter(|parameter| is_list(&parameter.ty) && !is_constant(&parameter.ty));
    lists.count() == 1 && !by_type().any(is_real)
}
