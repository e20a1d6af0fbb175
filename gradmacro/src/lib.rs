//! The attribute [`macro@custom_gradient`]. Use it through `gradcore`, which re-exports it.
//!
//! What it does is in the crate `gradmacro-backend`, whose documentation begins with the way of a function through it; this
//! crate gives it its name, and the path at which `gradcore` lives. A crate with the same contract over other tensors has a
//! crate like this one, with its own path.

use proc_macro::TokenStream;

#[doc = include_str!("expansion.md")]
#[proc_macro_attribute]
pub fn custom_gradient(options: TokenStream, function: TokenStream) -> TokenStream {
    gradmacro_backend::rewrite(options.into(), function.into(), "::gradcore").into()
}
