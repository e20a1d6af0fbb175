//! Writes the function anew. Nothing here can fail, and nothing is decided here.

mod arrays;
pub(crate) mod block;
mod closure;
pub(crate) mod elementwise;
pub(crate) mod generated_test;
mod recompute;
pub(crate) mod rule;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, FnArg, ItemFn, ReturnType, Signature, Type, parse_quote};

use crate::expand::block::{Exits, filled};
use crate::model::GradFn;
use crate::model::arrays::Arrays;
use crate::model::parameter::{Parameter, ParameterKind};
use crate::model::rule::stopped;
use crate::names;
use crate::syntax::types::is_constant;
use crate::syntax::written::place_as_written;

/// The function with its body between `enter` and `exit`.
///
/// Input:
///
/// ```text
/// fn scale(x: &Tensor, k: f32) -> Tensor {
///     (x * k, |dy| dy * k)
/// }
/// ```
///
/// Output, with paths shortened:
///
/// ```text
/// #[track_caller]
/// fn scale(x: &Tensor, k: f32) -> Tensor {
///     use dispatch::*;
///     let call = enter(rule!("scale", line!(), "x", "k"), ((&&&Probe(&x)).__parameter(), ((&&&Probe(&k)).__parameter(), ())));
///     (|| -> Tensor {
///         call.exit::<Tensor, _>(x * k, {
///             let kept_k = (&&&&Capture(&k)).keep_for_grad(&call, 1, "k");
///             call.backward::<Tensor, _>(move |dy, sink| sink.next(|| { let k = kept_k.get(); dy * k }).done())
///         })
///     })()
/// }
/// ```
pub(crate) fn expand(model: GradFn) -> TokenStream {
    let body = model.function.block.clone();
    let exits = if model.again.is_some() { Exits::Value } else { Exits::Recorded };
    let body = filled(*body, &model, exits);

    let GradFn { function, parameters, variables, around, again, contract, .. } = &model;
    let (call, enter, rule) = (names::call(), contract.get("enter"), contract.get("rule"));
    let dispatch = contract.get("dispatch");
    let name = function.sig.ident.to_string();
    let name = name.trim_start_matches("r#");
    let (enter, mutability, views, bindings) = match &model.arrays {
        Some(arrays) => {
            let item = |name| contract.arrays(name, proc_macro2::Span::mixed_site());
            let dispatch = item("dispatch");
            let views = quote!(#[allow(unused_imports)] use #dispatch::*;);
            (item("enter"), quote!(mut), views, arrays.bindings(parameters, contract))
        }
        None => (enter, quote!(), quote!(), quote!()),
    };
    let line = quote_spanned!(function.sig.ident.span()=> ::core::line!());
    let shown = parameters.iter().map(|parameter| parameter.shown.clone());
    let shown = shown.chain(variables.iter().map(place_as_written));
    let inputs = inputs(&model);
    let undo_broadcast = contract.get("UNDO_BROADCAST");
    let fit = model.broadcast.then(|| quote!(; #undo_broadcast));
    let stops = Some(Literal::u64_unsuffixed(stopped(&model.rules))).filter(|stops| stops.to_string() != "0");
    let stops = stops.map(|stops| quote!(=> #stops));

    // The macro uses every parameter, also one that the user says is not used.
    let underscored = parameters.iter().any(|parameter| parameter.name.to_string().starts_with('_'));
    let underscores = underscored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));

    // The macro mentions every parameter. One that the user does not mention is bound once more, for rustc to find
    // unused, at the user's place.
    let unused: TokenStream = parameters
        .iter()
        .filter(|parameter| parameter.unused && !parameter.name.to_string().starts_with('_'))
        .map(|Parameter { name, lints, configured, .. }| quote!(#(#configured)* #(#lints)* let #name = &#name;))
        .collect();
    // What the user takes apart is an argument as a whole.
    let taken_apart = parameters.iter().filter_map(|Parameter { name, pattern, configured, ty, .. }| {
        let pattern = pattern.as_ref()?;
        Some(quote_spanned!(names::at(ty.span())=> #(#configured)* let #pattern = #name;))
    });

    let ItemFn { attrs, vis, .. } = function;
    let sig = with_names(function, parameters);
    let (track_caller, body) = match again {
        Some(again) => (quote!(#[track_caller]), recompute::body(&model, again, &body)),
        None => in_place(&model, &body),
    };
    let entered = quote! {
        #views
        #underscores
        let #mutability #call = #enter(#rule!(#name, #line, #(#shown),* #fit #stops), #inputs);
        #bindings
        #unused
        #(#taken_apart)*
        #body
    };
    if let Some(around) = around {
        return closure::bind(function, &sig, around, contract, &entered);
    }
    let test = generated_test::test(&model);
    let block = in_braces_of(&function.block, quote!(#[allow(unused_imports)] use #dispatch::*; #entered));
    quote! {
        #(#attrs)*
        #track_caller
        #[allow(clippy::redundant_closure_call, clippy::needless_pass_by_value)]
        #vis #sig #block
        #test
    }
}

/// A block in the braces of the user's: rustc takes a function whose braces are a macro's for the macro's own, and does
/// not report that nobody calls it.
pub(crate) fn in_braces_of(block: &Block, tokens: TokenStream) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(block.brace_token.span.join());
    TokenTree::Group(group)
}

/// The signature, with a name for each parameter.
fn with_names(function: &ItemFn, parameters: &[Parameter]) -> Signature {
    let mut signature = function.sig.clone();
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    for (input, Parameter { name, .. }) in typed.zip(parameters).filter(|(_, parameter)| parameter.pattern.is_some()) {
        *input.pat = parse_quote!(#name);
    }
    signature
}

/// The attribute that the function needs, and its body.
fn in_place(model: &GradFn, body: &Block) -> (TokenStream, TokenStream) {
    match model.tracks_caller || model.around.is_some() {
        // The user wants panics in the body to show the caller, so the body stays in the function. A closure knows its
        // caller only on a nightly compiler.
        true => {
            let statements = &body.stmts;
            (quote!(), quote!(#(#statements)*))
        }
        // Otherwise they show the line in the body. The caller's place is known all the same.
        false => {
            let output = &model.function.sig.output;
            (quote!(#[track_caller]), quote!((|| #output #body)()))
        }
    }
}

/// On a mistake the function keeps its signature, so that its callers make no further messages.
pub(crate) fn refused(function: ItemFn, arrays: Option<&Arrays>, errors: &TokenStream) -> TokenStream {
    let written = arrays.into_iter().flat_map(Arrays::written);
    let ItemFn { mut attrs, vis, mut sig, .. } = function;
    attrs.retain(|attribute| !attribute.path().is_ident(names::ALLOW_CONSTANT_GRADIENT));
    for input in &mut sig.inputs {
        let attributes = match input {
            FnArg::Typed(input) => &mut input.attrs,
            FnArg::Receiver(receiver) => &mut receiver.attrs,
        };
        attributes.retain(|attribute| !attribute.path().is_ident(names::NONDIFF));
    }
    sig.asyncness = None;
    sig.variadic = None;
    if let ReturnType::Type(_, ty) = &mut sig.output
        && matches!(**ty, Type::ImplTrait(_))
    {
        // No type is known; this one becomes whatever a caller expects.
        *ty = parse_quote!(!);
    }
    quote! {
        #errors
        #(#attrs)*
        #[allow(unused_variables, unused_mut)]
        #vis #sig {
            #(let _: ::core::option::Option<#written>;)*
            ::core::unreachable!()
        }
    }
}

/// The parameters, then the variables, then the locals around a closure, as nested pairs.
fn inputs(model: &GradFn) -> TokenStream {
    let (probe, input, constant) =
        (model.contract.get("Probe"), model.contract.get("Input"), model.contract.get("Constant"));
    let nondiff = model.contract.get("Nondiff");
    let parameters = model.parameters.iter().enumerate().map(|(position, parameter)| {
        let name = &parameter.name;
        let probed = quote!((&&&#probe(&#name)).__parameter());
        let by_type = match &model.arrays {
            Some(arrays) => arrays.ranked(position, probed, &model.contract),
            None => probed,
        };
        let found = match parameter.kind {
            // What is plain to see need not be found out by the compiler.
            _ if is_constant(&parameter.ty) => quote!(#constant),
            ParameterKind::ByType => by_type,
            ParameterKind::Nondiff => quote!(#nondiff(#by_type)),
        };
        match &parameter.configured[..] {
            [] => found,
            // Where the parameter is left out, its place is a constant's.
            configured => {
                let conditions = configured.iter().filter_map(|attribute| attribute.meta.require_list().ok());
                let conditions: Vec<_> = conditions.map(|list| &list.tokens).collect();
                let condition = match &conditions[..] {
                    [one] => one.to_token_stream(),
                    several => quote!(all(#(#several),*)),
                };
                quote!({
                    #[cfg(#condition)]
                    { #found }
                    #[cfg(not(#condition))]
                    { #constant }
                })
            }
        }
    });
    let variables = model.variables.iter().map(|place| quote_spanned!(place.span()=> #input(&#place)));
    let captured = model.contract.get("Captured");
    let around = model.around.iter().flatten().map(|local| {
        let name = local.to_string();
        quote!(#captured(#name, (&&&#probe(&#local)).__parameter()))
    });
    let all: Vec<TokenStream> = parameters.chain(variables).chain(around).collect();
    all.into_iter().rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}
