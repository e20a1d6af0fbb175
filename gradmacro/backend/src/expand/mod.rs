//! Writes the function anew. Nothing here can fail, and nothing is decided here.

mod arrays;
mod block;
mod closure;
mod elementwise;
mod function;
mod generated_test;
mod recompute;
mod refused;
mod rule;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::Block;

use crate::model::{Form, GradFn};

pub(crate) use refused::{refused, refused_model};

/// The function, and its test if one is asked for.
pub(crate) fn expand(model: &GradFn) -> TokenStream {
    let function = match &model.form {
        Form::Tensors | Form::Arrays(_) => function::in_place(model),
        Form::Closure(around) => closure::bound(model, around),
        Form::Recompute(again) => recompute::twice(model, again),
        Form::Elementwise(Some(elementwise)) => elementwise::of_tensors(model, elementwise),
        // A function that returns nothing was refused.
        Form::Elementwise(None) => TokenStream::new(),
    };
    let test = model.check.as_ref().map(|check| generated_test::test(model, check));
    quote!(#function #test)
}

/// A block in the braces of the user's: rustc takes a function whose braces are a macro's for the macro's own, and does
/// not report that nobody calls it.
fn in_braces_of(block: &Block, tokens: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(block.brace_token.span.join());
    TokenTree::Group(group)
}

/// `a, b` as nested pairs: `(a, (b, ()))`.
fn nested(parts: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    let parts: Vec<TokenStream> = parts.into_iter().collect();
    parts.into_iter().rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}
