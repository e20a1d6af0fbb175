//! Writes the function anew. Nothing here can fail, and nothing is decided here.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, ItemFn, parse_quote};

use crate::arrays;
use crate::exit::{self, Hole};
use crate::model::{GradFn, Gradients, Parameter, ParameterKind, Rule};
use crate::names::{self, Contract};
use crate::none::{is_none, with_typed_none};

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
///             let kept_k = (&&&Capture(&k)).__keep(&call, 1, "k");
///             call.backward::<Tensor, _>(move |dy, sink| sink.next(|| { let k = kept_k.get(); dy * k }).done())
///         })
///     })()
/// }
/// ```
pub(crate) fn expand(mut model: GradFn) -> TokenStream {
    let mut body = std::mem::replace(&mut model.function.block, parse_quote!({}));
    Filler { model: &model, filled: false }.visit_block_mut(&mut body);

    let GradFn { function, parameters, variables, contract, tracks_caller, .. } = &model;
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
    let shown = shown.chain(variables.iter().map(|place| place.to_token_stream().to_string().replace(' ', "")));
    let inputs = inputs(&model);

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

    let ItemFn { attrs, vis, sig, .. } = function;
    let output = &sig.output;
    let (track_caller, body) = match tracks_caller {
        // The user wants panics in the body to show the caller, so the body stays in the function.
        true => {
            let statements = &body.stmts;
            (quote!(), quote!(#(#statements)*))
        }
        // Otherwise they show the line in the body. The caller's place is known all the same.
        false => (quote!(#[track_caller]), quote!((|| #output #body)())),
    };
    quote! {
        #(#attrs)*
        #track_caller
        #[allow(clippy::redundant_closure_call, clippy::needless_pass_by_value)]
        #vis #sig {
            #[allow(unused_imports)]
            use #dispatch::*;
            #views
            #underscores
            let #mutability #call = #enter(#rule!(#name, #line, #(#shown),*), #inputs);
            #bindings
            #unused
            #body
        }
    }
}

/// On a mistake the function keeps its signature, so that its callers make no further messages.
pub(crate) fn refused(function: ItemFn, arrays: Option<&arrays::Arrays>, errors: &TokenStream) -> TokenStream {
    let written = arrays.into_iter().flat_map(arrays::Arrays::written);
    let ItemFn { attrs, vis, mut sig, .. } = function;
    for input in &mut sig.inputs {
        if let syn::FnArg::Typed(input) = input {
            input.attrs.retain(|attribute| !attribute.path().is_ident(names::NONDIFF));
        }
    }
    sig.asyncness = None;
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

/// The parameters, then the variables, as nested pairs.
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
        match parameter.kind {
            ParameterKind::ByType => by_type,
            ParameterKind::Nondiff => quote!(#nondiff(#by_type)),
            ParameterKind::Constant => quote!(#constant),
        }
    });
    let variables = model.variables.iter().map(|place| quote_spanned!(place.span()=> #input(&#place)));
    let all: Vec<TokenStream> = parameters.chain(variables).collect();
    all.into_iter().rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}

/// Puts exits and rules back into the body.
struct Filler<'a> {
    model: &'a GradFn,
    /// Whether a hole was found.
    filled: bool,
}

impl VisitMut for Filler<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        let hole = Hole::of(expression);
        self.filled |= hole.is_some();
        match hole {
            Some(Hole::Exit(number)) => *expression = Expr::Verbatim(self.exit(number)),
            Some(Hole::Rule(number)) => *expression = Expr::Verbatim(self.rule(number)),
            None => visit_mut::visit_expr_mut(self, expression),
        }
    }
}

impl Filler<'_> {
    /// The type of the value, without its `Result`.
    fn output(&self) -> TokenStream {
        let output = self.model.arrays.as_ref().map(|arrays| &arrays.output).or(self.model.output.as_ref());
        output.map_or_else(|| quote!(_), ToTokens::to_token_stream)
    }

    fn exit(&self, number: usize) -> TokenStream {
        let exit = &self.model.exits[number];
        let (call, mut value) = (names::call(), exit.value.clone());
        // A `return` in the value is an exit too: it needs the call, so the value comes before `exit` takes it.
        let mut filler = Filler { model: self.model, filled: false };
        filler.visit_expr_mut(&mut value);
        let (output, place) = (self.output(), names::at(value.span()));
        let rule = match &exit.rule {
            exit::Rule::Named(name) => name.to_token_stream(),
            exit::Rule::Found(rule) => self.rule(*rule),
            exit::Rule::InPlace(closure) => closure.to_token_stream(),
        };
        if let (exit::Rule::Named(_), false) = (&exit.rule, filler.filled) {
            return quote_spanned!(place=> #call.exit::<#output, _>(#value, #rule));
        }
        // The rule keeps clones, so it is made before the value is moved out.
        let (made, valued) = (names::rule(), names::value());
        let (binding, value) = match filler.filled {
            true => (quote_spanned!(place=> let #valued = #value;), valued.to_token_stream()),
            false => (quote!(), value.to_token_stream()),
        };
        quote_spanned!(place=> {
            let #made = #rule;
            #binding
            #call.exit::<#output, _>(#value, #made)
        })
    }

    fn rule(&self, number: usize) -> TokenStream {
        let rule = &self.model.rules[number];
        let (contract, call) = (&self.model.contract, names::call());
        let capture = contract.get("Capture");
        let keeps = rule.captures.iter().map(|captured| {
            let (place, text, kept) = (captured.place.expression(), captured.place.text(), &captured.kept);
            let inputs = positions(rule, captured.shared, &captured.used_by);
            // One reference more: views come before whatever else can be captured.
            let views = self.model.arrays.as_ref().map(|_| quote!(&));
            quote_spanned!(names::at(captured.place.span())=> let #kept = (#views &&&#capture(&#place)).__keep(&#call, #inputs, #text);)
        });
        let (parameter, binding) = match &self.model.arrays {
            Some(_) => arrays::upstream(&rule.parameters, contract),
            None => upstream(rule),
        };
        let over_arrays = self.model.arrays.is_some();
        let shared = seen(rule, over_arrays, |captured| captured.shared);
        let statements = &rule.statements;
        let sink = names::sink(rule.gradients.first().map_or_else(proc_macro2::Span::mixed_site, Spanned::span));
        let gradients = gradients(rule, contract, over_arrays, &sink);
        let output = self.output();
        quote! {{
            #(#keeps)*
            #call.backward::<#output, _>(move |#parameter, #sink| {
                #binding
                #shared
                #(#statements)*
                #gradients
            })
        }}
    }
}

/// The parameter that receives the upstream gradients, and where the user wrote types, the `let` that states them: a
/// mismatch is then shown at the user's type.
fn upstream(rule: &Rule) -> (TokenStream, TokenStream) {
    let patterns = rule.parameters.iter().map(|(pattern, _)| pattern);
    let types = rule.parameters.iter().map(|(_, ty)| ty.as_ref().map_or_else(|| quote!(_), ToTokens::to_token_stream));
    let (pattern, ty) = match rule.parameters.len() {
        1 => (quote!(#(#patterns)*), quote!(#(#types)*)),
        _ => (quote!((#(#patterns),*)), quote!((#(#types),*))),
    };
    if rule.parameters.iter().all(|(_, ty)| ty.is_none()) {
        return (pattern, quote!());
    }
    let upstream = names::upstream(pattern.span());
    (upstream.to_token_stream(), quote!(let #pattern: #ty = #upstream;))
}

/// The inputs for whose gradients a capture is kept, as a bit mask.
fn positions(rule: &Rule, shared: bool, used_by: &[bool]) -> TokenStream {
    match &rule.gradients {
        Gradients::Split(_) if !shared => {
            let mask =
                used_by.iter().enumerate().fold(0u64, |mask, (position, used)| mask | u64::from(*used) << position);
            let mask = proc_macro2::Literal::u64_unsuffixed(mask);
            quote!(#mask)
        }
        _ => quote!(!0),
    }
}

/// Gives what is kept the names, and so the types, that it has outside.
fn seen(rule: &Rule, over_arrays: bool, used: impl Fn(&crate::capture::Captured) -> bool) -> TokenStream {
    rule.captures
        .iter()
        .filter(|captured| used(captured))
        .map(|captured| {
            let (mut name, kept) = (captured.name.clone(), &captured.kept);
            // At the attribute, or rustc takes the use for the binding, and suggests changes to its pattern.
            name.set_span(proc_macro2::Span::call_site().resolved_at(name.span()));
            let allowed = captured.guessed.then(|| quote!(#[allow(unused_variables)]));
            let place = names::at(captured.place.span());
            match over_arrays {
                true => arrays::seen(&quote!(#allowed let #name), kept, place),
                false => quote_spanned!(place=> #allowed let #name = #kept.get();),
            }
        })
        .collect()
}

fn gradients(rule: &Rule, contract: &Contract, over_arrays: bool, sink: &Ident) -> TokenStream {
    let item = |name: &str, place| if over_arrays { contract.arrays(name, place) } else { contract.item(name, place) };
    match &rule.gradients {
        Gradients::Split(gradients) => {
            let mut end = sink.span();
            let nexts: Vec<TokenStream> = gradients
                .iter()
                .enumerate()
                .map(|(position, (gradient, declared))| {
                    end = names::at(gradient.span());
                    let seen = seen(rule, over_arrays, |captured| captured.used_by[position]);
                    let output = declared.as_ref().map(|ty| quote!(-> #ty));
                    let value = match declared {
                        None if is_none(gradient) => item("NoGradient", end),
                        _ => gradient.to_token_stream(),
                    };
                    if over_arrays {
                        return arrays::next(&seen, declared.as_ref(), &value, end);
                    }
                    match (&output, seen.is_empty()) {
                        (None, true) => quote_spanned!(end=> .next(|| #value)),
                        _ => quote_spanned!(end=> .next(|| #output { #seen #value })),
                    }
                })
                .collect();
            quote_spanned!(end=> #sink #(#nexts)* .done())
        }
        Gradients::Whole { value, declared, early } => {
            let seen = seen(rule, over_arrays, |captured| captured.used_by.iter().any(|used| *used));
            let (mut value, place) = (value.clone(), names::at(value.span()));
            if declared.is_none() {
                let none = item("none", place);
                with_typed_none(&mut value, &Expr::Verbatim(quote_spanned!(place=> #none())));
            }
            match (declared, early) {
                (Some(ty), _) => quote_spanned!(place=> #seen #sink.whole((|| -> #ty { #value })())),
                (None, true) => quote_spanned!(place=> #seen #sink.whole((|| #value)())),
                (None, false) => quote_spanned!(place=> #seen #sink.whole(#value)),
            }
        }
        Gradients::Missing => quote!(),
    }
}
