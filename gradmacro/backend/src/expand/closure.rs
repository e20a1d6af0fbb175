//! The option `closure`: a nested `fn` becomes a closure over the locals around it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::block::{Exits, filled};
use super::function::{entered, with_names};
use crate::model::GradFn;
use crate::names;

/// Binds the closure to the function's name, over copies of the locals that it uses. A closure knows its caller only on a
/// nightly compiler, so the body stays where it is.
pub(super) fn bound(model: &GradFn, around: &[Ident]) -> TokenStream {
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
    quote! {
        #misplaced;
        #(#lints)*
        let #name = {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(let #around = (&&#own(&#around)).#copy();)*
            move |#inputs| #output { #body }
        };
    }
}
