//! The option `recompute`: the body runs again when a tape asks for the gradient, so nothing but what it is given is kept.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ItemFn;
use syn::visit::Visit;

use crate::model::options::Options;
use crate::model::place::places_among;
use crate::model::{Again, Given, GradFn};
use crate::names::Contract;
use crate::report::Report;
use crate::syntax::patterns;

/// With the option, a second model of the function, for its second run. Mistakes are reported by the first.
pub(crate) fn again(function: &ItemFn, options: &Options, contract: &Contract) -> Option<Again> {
    options.recompute.as_ref()?;
    let inputs = &function.sig.inputs;
    let bindings = patterns::bindings(|bindings| inputs.iter().for_each(|input| bindings.visit_fn_arg(input)));
    let names: Vec<Ident> = bindings.iter().map(|binding| binding.ident.clone()).collect();
    let mut function = function.clone();
    let (given, body) = places_among(function.block.to_token_stream(), &names);
    if let Ok(body) = syn::parse2(body) {
        function.block = body;
    }
    let model = GradFn::new(Options::default(), contract.clone(), None, None, function, &mut Report::default());
    let is_mutable =
        |name: &Ident| bindings.iter().any(|binding| binding.ident == *name && binding.mutability.is_some());
    let given = given.into_iter().map(|(place, name)| Given { is_mutable: is_mutable(&name), place, name }).collect();
    Some(Again { given, model: Box::new(model) })
}
