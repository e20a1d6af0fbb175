//! The attribute [`macro@custom_gradient`]. Use it through `gradcore`, which re-exports it.
//!
//! What it does is in the crate `gradmacro-backend`; this one gives it its name, and the path at which `gradcore` lives.

use proc_macro::TokenStream;

#[doc = include_str!("expansion.md")]
#[proc_macro_attribute]
pub fn custom_gradient(options: TokenStream, function: TokenStream) -> TokenStream {
    gradmacro_backend::rewrite(options.into(), function.into(), "::gradcore").into()
}
