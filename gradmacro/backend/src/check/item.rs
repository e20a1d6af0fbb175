//! What the attribute stands on.

use proc_macro2::TokenStream;
use syn::{Item, ItemFn, TraitItemFn};

/// The attribute stands on a function with a body.
pub(crate) fn parse(function: TokenStream) -> syn::Result<ItemFn> {
    syn::parse2::<ItemFn>(function.clone()).map_err(|error| match syn::parse2::<Item>(function.clone()) {
        _ if syn::parse2::<TraitItemFn>(function.clone()).is_ok() => syn::Error::new_spanned(
            function,
            "`#[custom_gradient]` expects a function with a body, found a declaration; give it a body, or annotate the function where a type implements the trait",
        ),
        Ok(item) => {
            let kind = match item {
                Item::Struct(_) => "a struct",
                Item::Enum(_) => "an enum",
                Item::Impl(_) => "an `impl` block",
                Item::Trait(_) => "a trait",
                Item::Mod(_) => "a module",
                Item::Const(_) => "a constant",
                Item::Static(_) => "a static",
                _ => "another item",
            };
            syn::Error::new_spanned(
                function,
                format_args!("`#[custom_gradient]` expects a function with a body, found {kind}"),
            )
        }
        Err(_) => error,
    })
}

/// The mistake, and what the attribute stood on, so that its name stays known. What may hold functions to be rewritten
/// is left out.
pub(crate) fn misplaced(item: TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    match syn::parse2::<Item>(item) {
        Ok(Item::Impl(_) | Item::Trait(_) | Item::Mod(_) | Item::Verbatim(_)) | Err(_) => error,
        Ok(item) => quote::quote!(#error #item),
    }
}
