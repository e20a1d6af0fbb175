//! The option `recompute`: the body runs again when a tape asks for the gradient, so nothing but what it is given is kept.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ItemFn;
use syn::visit::Visit;

use crate::model::place::{Place, places_among};
use crate::syntax::patterns;

/// What the body is given: a parameter or a part of `self`.
pub(crate) struct Given {
    pub(crate) place: Place,
    /// Its name where the body runs again.
    pub(crate) name: Ident,
    pub(crate) is_mutable: bool,
}

/// What a body is given, and the function with these names.
pub(super) fn second_run(function: &ItemFn) -> (Vec<Given>, ItemFn) {
    let inputs = &function.sig.inputs;
    let bindings = patterns::bindings(|bindings| inputs.iter().for_each(|input| bindings.visit_fn_arg(input)));
    let names: Vec<Ident> = bindings.iter().map(|binding| binding.ident.clone()).collect();
    let mut function = function.clone();
    let (given, body) = places_among(function.block.to_token_stream(), &names);
    if let Ok(body) = syn::parse2(body) {
        function.block = body;
    }
    let is_mutable =
        |name: &Ident| bindings.iter().any(|binding| binding.ident == *name && binding.mutability.is_some());
    let given = given.into_iter().map(|(place, name)| Given { is_mutable: is_mutable(&name), place, name }).collect();
    (given, function)
}
