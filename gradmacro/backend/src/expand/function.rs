//! The function with its body between `enter` and `exit`.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, Signature, parse_quote};

use super::block::{Exits, filled};
use super::tokens::{in_braces_of, nested};
use crate::model::GradFn;
use crate::model::parameter::{Parameter, ParameterKind};
use crate::names;
use crate::syntax::types::is_constant;
use crate::syntax::written::place_as_written;

/// The function, whose body runs once.
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
///             let residual_k = (&&&&Capture(&k)).keep_for_grad(&call, 1, "k");
///             call.backward::<Tensor, _>(move |dy, sink| sink.next(|| { let k = residual_k.get(); dy * k }).done())
///         })
///     })()
/// }
/// ```
pub(super) fn in_place(model: &GradFn) -> TokenStream {
    let body = filled(model, Exits::Recorded);
    match model.tracks_caller {
        // The user wants panics in the body to show the caller, so the body stays in the function.
        true => {
            let statements = &body.stmts;
            entered_by(model, None, &quote!(#(#statements)*))
        }
        // Otherwise they show the line in the body. The caller's place is known all the same.
        false => {
            let output = &model.function.sig.output;
            entered_by(model, Some(quote!(#[track_caller])), &quote!((|| #output #body)()))
        }
    }
}

/// The function as the user declares it, which does this when its call has begun.
pub(super) fn entered_by(model: &GradFn, track_caller: Option<TokenStream>, body: &TokenStream) -> TokenStream {
    let ItemFn { attrs, vis, block, .. } = &model.function;
    let (sig, dispatch, entered) = (with_names(model), model.contract.get("dispatch"), entered(model, body));
    let block = in_braces_of(block, quote!(#[allow(unused_imports)] use #dispatch::*; #entered));
    quote! {
        #(#attrs)*
        #track_caller
        #[allow(clippy::redundant_closure_call, clippy::needless_pass_by_value)]
        #vis #sig #block
    }
}

/// What begins the call and gives the body its parameters, then the body.
pub(super) fn entered(model: &GradFn, body: &TokenStream) -> TokenStream {
    let GradFn { parameters, contract, .. } = model;
    let call = names::call();
    let (enter, mutability, views, bindings) = match model.form.arrays() {
        Some(arrays) => {
            let item = |name| contract.arrays(name, Span::mixed_site());
            let dispatch = item("dispatch");
            let views = quote!(#[allow(unused_imports)] use #dispatch::*;);
            (item("enter"), quote!(mut), views, arrays.bindings(parameters, contract))
        }
        None => (contract.get("enter"), quote!(), quote!(), quote!()),
    };
    let (rule, inputs) = (rule(model), inputs(model));

    // The macro uses every parameter, also one that the user says is not used.
    let underscored = parameters.iter().any(|parameter| parameter.name.to_string().starts_with('_'));
    let underscores = underscored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));

    // The macro mentions every parameter. One that the user does not mention is bound once more, for rustc to find
    // unused, at the user's place.
    let unused: TokenStream = parameters
        .iter()
        .filter(|parameter| parameter.unused && !parameter.name.to_string().starts_with('_'))
        .map(|Parameter { name, lints, .. }| quote!(#(#lints)* let #name = &#name;))
        .collect();
    // What the user takes apart is an argument as a whole.
    let taken_apart = parameters.iter().filter_map(|Parameter { name, pattern, ty, .. }| {
        let pattern = pattern.as_ref()?;
        Some(quote_spanned!(names::at(ty.span())=> let #pattern = #name;))
    });
    quote! {
        #views
        #underscores
        let #mutability #call = #enter(#rule, #inputs);
        #bindings
        #unused
        #(#taken_apart)*
        #body
    }
}

/// What is known of the function when it is compiled.
fn rule(model: &GradFn) -> TokenStream {
    let GradFn { function, parameters, variables, contract, .. } = model;
    let (rule, name) = (contract.get("rule"), function.sig.ident.unraw().to_string());
    let line = quote_spanned!(function.sig.ident.span()=> ::core::line!());
    let shown = parameters.iter().map(|parameter| parameter.shown.clone());
    let shown = shown.chain(variables.iter().map(place_as_written));
    let undo_broadcast = contract.get("UNDO_BROADCAST");
    let stops = Literal::u64_unsuffixed(model.stops);
    let known = [
        model.broadcast.then(|| quote!(.fitting(#undo_broadcast))),
        (model.stops != 0).then(|| quote!(.stopping(#stops))),
        model.linear.then(|| quote!(.linear_is_an_option_of_gradcore_alone())),
        model.leaf.then(|| quote!(.leaf_is_an_option_of_gradcore_alone())),
        model.has_effect().then(|| quote!(.with_effect())),
    ];
    let known: TokenStream = known.into_iter().flatten().collect();
    let known = (!known.is_empty()).then(|| quote!(; #known));
    quote!(#rule!(#name, #line, #(#shown),* #known))
}

/// The signature, with a name for each parameter.
pub(super) fn with_names(model: &GradFn) -> Signature {
    let mut signature = model.function.sig.clone();
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    let parameters = model.parameters.iter();
    for (input, Parameter { name, .. }) in typed.zip(parameters).filter(|(_, parameter)| parameter.pattern.is_some()) {
        *input.pat = parse_quote!(#name);
    }
    signature
}

/// The parameters, then the variables, then the locals around a closure, as nested pairs.
fn inputs(model: &GradFn) -> TokenStream {
    let (probe, input, constant) =
        (model.contract.get("Probe"), model.contract.get("Input"), model.contract.get("Constant"));
    let (nondiff, which) = (model.contract.get("Nondiff"), names::method::parameter());
    let parameters = model.parameters.iter().enumerate().map(|(position, parameter)| {
        let name = &parameter.name;
        let probed = quote!((&&&#probe(&#name)).#which());
        let by_type = match model.form.arrays() {
            Some(arrays) => arrays.ranked(position, probed, &model.contract),
            None => probed,
        };
        match parameter.kind {
            // What is plain to see need not be found out by the compiler.
            _ if is_constant(&parameter.ty) => quote!(#constant),
            ParameterKind::ByType => by_type,
            ParameterKind::Nondiff => quote!(#nondiff(#by_type)),
        }
    });
    let variables = model.variables.iter().map(|place| quote_spanned!(place.span()=> #input(&#place)));
    let captured = model.contract.get("Captured");
    let around = model.form.around().iter().map(|local| {
        let name = local.to_string();
        quote!(#captured(#name, (&&&#probe(&#local)).#which()))
    });
    nested(parameters.chain(variables).chain(around))
}
