//! The option `closure`: a nested `fn` becomes a closure over the locals around it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{FnArg, Pat, parse_quote};

use super::block::{Exits, filled};
use super::function::{entered, with_names};
use crate::model::GradFn;
use crate::model::closure::Around;
use crate::names;

/// Binds the closure to the function's name, over copies of the locals that it uses. A closure knows its caller only on a
/// nightly compiler, so the body stays where it is.
pub(super) fn bound(model: &GradFn, around: &Around) -> TokenStream {
    let (attrs, sig) = (&model.function.attrs, with_names(model));
    let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
    let statements = filled(model, Exits::Recorded).stmts;
    let body = entered(model, &quote!(#(#statements)*));
    let lints =
        attrs.iter().filter(|attribute| !attribute.path().is_ident("doc") && !attribute.path().is_ident("inline"));
    let (own, copy) = (model.contract.get("Own"), names::method::own());
    let dispatch = model.contract.get("dispatch");
    let misplaced = format!(
        "the option `closure` makes `{name}` a local: it must stand inside the block of another function, whose locals it uses"
    );
    let closure = quote!(move |#inputs| #output { #body });
    let closure = if around.called.is_empty() { closure } else { lending(model, &closure) };
    let locals = &around.locals;
    quote! {
        #misplaced;
        #(#lints)*
        let #name = {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(let #locals = (&&#own(&#locals)).#copy();)*
            #closure
        };
    }
}

/// The closure, of which each call uses a clone: `grad` and closures in the body take the functions that they call with
/// them.
fn lending(model: &GradFn, closure: &TokenStream) -> TokenStream {
    let mut sig = with_names(model);
    for input in &mut sig.inputs {
        if let FnArg::Typed(input) = input
            && let Pat::Ident(binding) = &*input.pat
        {
            let name = &binding.ident;
            *input.pat = parse_quote!(#name);
        }
    }
    let (inputs, output, lent) = (&sig.inputs, &sig.output, names::lent());
    let (arguments, place) = (model.parameters.iter().map(|parameter| &parameter.name), names::at(sig.ident.span()));
    let again = model.contract.item("lent_again", place);
    quote_spanned! {place=> {
        let #lent = #closure;
        move |#inputs| #output { #again(&#lent)(#(#arguments),*) }
    }}
}
