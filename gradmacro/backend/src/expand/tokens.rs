//! Tokens that several forms write alike.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::Block;

/// A block in the braces of the user's: rustc takes a function whose braces are a macro's for the macro's own, and does
/// not report that nobody calls it.
pub(super) fn in_braces_of(block: &Block, tokens: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(block.brace_token.span.join());
    TokenTree::Group(group)
}

/// `a, b` as nested pairs: `(a, (b, ()))`.
pub(super) fn nested(parts: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    let parts: Vec<TokenStream> = parts.into_iter().collect();
    parts.into_iter().rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}
