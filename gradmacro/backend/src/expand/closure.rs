//! The option `closure`: a nested `fn` becomes a closure over the locals around it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{ItemFn, Signature};

use crate::names::Contract;

/// Binds the closure to the function's name, over copies of the locals that it uses.
pub(crate) fn bind(
    function: &ItemFn,
    sig: &Signature,
    around: &[Ident],
    contract: &Contract,
    body: &TokenStream,
) -> TokenStream {
    let attrs = &function.attrs;
    let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
    let lints =
        attrs.iter().filter(|attribute| !attribute.path().is_ident("doc") && !attribute.path().is_ident("inline"));
    let own = contract.get("Own");
    let dispatch = contract.get("dispatch");
    let misplaced = format!(
        "the option `closure` makes `{name}` a local: it must stand inside the block of another function, whose locals it uses"
    );
    quote! {
        #misplaced;
        #(#lints)*
        let #name = {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(let #around = (&&#own(&#around)).__own();)*
            move |#inputs| #output { #body }
        };
    }
}
