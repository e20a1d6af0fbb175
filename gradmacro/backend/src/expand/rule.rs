//! A rule as a backward function: what it keeps, what it sees, and the gradients that it gives.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Pat, Type, parse_quote};

use super::arrays;
use crate::model::GradFn;
use crate::model::capture::Captured;
use crate::model::lazy_lets::{Let, Statement};
use crate::model::rule::{Gradients, Rule};
use crate::names::{self, Contract};
use crate::syntax::types::in_result;
use crate::syntax::values::{is_none, with_converted_errors, with_typed_none};

/// What keeps the captures of a rule, and the backward function that uses them.
pub(super) fn kept_and_backward(rule: &Rule, model: &GradFn) -> (TokenStream, TokenStream) {
    let (contract, call) = (&model.contract, names::call());
    let capture = contract.get("Capture");
    let keeps = rule.captures.iter().map(|captured| {
        let (place, text, residual) = (captured.place.expression(), captured.place.text(), &captured.residual);
        let inputs = positions(rule, &needed_by(rule, captured));
        let (at, method) =
            (names::at(captured.place.span()), names::method::keep_for_grad(names::at(captured.place.span())));
        quote_spanned!(at=> let #residual = (&&&&#capture(&#place)).#method(&#call, #inputs, #text);)
    });
    let changes = cells_changed(rule, contract);
    let sort = if model.form.arrays().is_some() { Sort::Arrays } else { Sort::Tensors };
    let (parameter, binding) = match sort {
        Sort::Arrays => arrays::upstream(&rule.parameters, contract),
        _ => upstream(rule),
    };
    let shared = seen(sort, captured_used(rule, |captured| is_used_always(rule, captured)));
    let sink = names::sink(rule.gradients.first().map_or_else(proc_macro2::Span::mixed_site, Spanned::span));
    let statements = statements(rule, contract, &sink);
    let gradients = gradients(rule, contract, &sink, sort);
    let backward = quote! {
        move |#parameter, #sink| {
            #binding
            #shared
            #statements
            #gradients
        }
    };
    // A helper that the rule makes anew borrows what it uses until here.
    let helpers = rule.helpers.iter().map(|helper| quote_spanned!(names::at(helper.span())=> let _ = &#helper;));
    (quote!(#changes #(#helpers)* #(#keeps)*), backward)
}

/// What refuses cells among the captures that a rule changes, shown at the method that does so.
fn cells_changed(rule: &Rule, contract: &Contract) -> TokenStream {
    let written = contract.get("Written");
    let refused = rule.outside.cells.iter().map(|(place, method)| {
        let (place, at) = (place.expression(), names::at(method.span()));
        let checked = names::method::written(at);
        quote_spanned!(at=> (&&#written(&#place)).#checked();)
    });
    refused.collect()
}

/// The parameter that receives the upstream gradients, and where the user wrote types, the `let` that states them: a
/// mismatch is then shown at the user's type.
pub(super) fn upstream(rule: &Rule) -> (TokenStream, TokenStream) {
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

/// Whether a statement that always runs uses a capture.
fn is_used_always(rule: &Rule, captured: &Captured) -> bool {
    let mut statements = rule.statements.iter().zip(&captured.used_in);
    statements.any(|(statement, used)| *used && matches!(statement, Statement::Always(_)))
}

/// By number of the gradient, whether it needs a capture, itself or through a `let`.
fn needed_by(rule: &Rule, captured: &Captured) -> Vec<bool> {
    let mut needed = captured.used_by.clone();
    for (statement, _) in rule.statements.iter().zip(&captured.used_in).filter(|(_, used)| **used) {
        match statement {
            Statement::Always(_) => needed.fill(true),
            Statement::IfNeeded(inner) => {
                needed.iter_mut().zip(&inner.needed_by).for_each(|(needed, by_let)| *needed |= by_let);
            }
        }
    }
    needed
}

/// The inputs of those numbers, as a bit mask.
fn positions(rule: &Rule, needed_by: &[bool]) -> TokenStream {
    match &rule.gradients {
        Gradients::Split(_) if needed_by.contains(&false) => {
            let mask =
                needed_by.iter().enumerate().fold(0u64, |mask, (position, by)| mask | u64::from(*by) << position);
            let mask = proc_macro2::Literal::u64_unsuffixed(mask);
            quote!(#mask)
        }
        _ => quote!(!0),
    }
}

/// The statements before the gradients. A `let` that may be left out keeps its value in an `Option`, and makes it out of
/// locals that are declared outside of the branch, so that it may borrow from them.
pub(super) fn statements(rule: &Rule, contract: &Contract, sink: &Ident) -> TokenStream {
    let shared = contract.get("Shared");
    let expanded = rule.statements.iter().enumerate().map(|(number, statement)| {
        let Let { value, ty, shared: name, needed_by, uses, .. } = match statement {
            Statement::Always(statement) => return statement.to_token_stream(),
            Statement::IfNeeded(inner) => &**inner,
        };
        let place = names::at(value.span());
        let needed_by = positions(rule, needed_by);
        // What statements use that always run is bound before them all.
        let is_bound_here = |captured: &Captured| captured.used_in[number] && !is_used_always(rule, captured);
        let used = captured_used(rule, is_bound_here).chain(lets_used(rule, uses));
        let (declared, got): (Vec<_>, Vec<_>) = used.map(|Used { pattern, got, .. }| (pattern, got)).unzip();
        let ty = ty.as_ref().map_or_else(|| quote!(_), ToTokens::to_token_stream);
        quote_spanned! {place=>
            #(#[allow(unused_variables)] let #declared;)*
            let #name = #shared::<#ty>(if #sink.wants(#needed_by) {
                #(#declared = #got;)*
                ::core::option::Option::Some(#value)
            } else {
                ::core::option::Option::None
            });
        }
    });
    expanded.collect()
}

/// What stands for a name where it is used.
struct Used {
    pattern: TokenStream,
    /// What keeps it.
    residual: Ident,
    /// How it is got from there.
    got: TokenStream,
    place: proc_macro2::Span,
    /// Whether it may not be used after all.
    guessed: bool,
}

fn lets_used<'a>(rule: &'a Rule, used: &'a [usize]) -> impl Iterator<Item = Used> + 'a {
    used.iter().filter_map(|number| match &rule.statements[*number] {
        Statement::Always(_) => None,
        Statement::IfNeeded(inner) => {
            let Let { pattern, shared, is_used_once, .. } = &**inner;
            let place = names::at(pattern.span());
            let got = if *is_used_once { quote!(#shared.take()) } else { quote!(#shared.get()) };
            let pattern = at_the_attribute(&with_names(pattern.clone()));
            Some(Used { pattern, residual: shared.clone(), got, place, guessed: true })
        }
    })
}

/// The pattern with a name in place of each `_`: where it is assigned to, nothing would tell the type of `_`.
fn with_names(mut pattern: Pat) -> Pat {
    struct Namer(usize);
    impl VisitMut for Namer {
        fn visit_pat_mut(&mut self, pattern: &mut Pat) {
            if let Pat::Wild(_) = pattern {
                let name = names::left_out(self.0);
                self.0 += 1;
                *pattern = parse_quote!(#name);
            }
            visit_mut::visit_pat_mut(self, pattern);
        }
    }
    Namer(0).visit_pat_mut(&mut pattern);
    pattern
}

fn captured_used<'a>(rule: &'a Rule, used: impl Fn(&Captured) -> bool + 'a) -> impl Iterator<Item = Used> + 'a {
    rule.captures.iter().filter(move |captured| used(captured)).map(|captured| {
        let (name, residual) = (&captured.name, &captured.residual);
        let place = names::at(captured.place.span());
        let got = quote!(#residual.get());
        Used { pattern: at_the_attribute(name), residual: residual.clone(), got, place, guessed: captured.guessed }
    })
}

/// Names shown at the attribute, or rustc takes the use for the binding, and suggests changes to its pattern.
fn at_the_attribute(names: &impl ToTokens) -> TokenStream {
    let here = proc_macro2::Span::call_site();
    let moved = names.to_token_stream().into_iter().map(|mut token| {
        token.set_span(here.resolved_at(token.span()));
        token
    });
    moved.collect()
}

/// Gives what is kept the names, and so the types, that it has outside.
fn seen(sort: Sort, used: impl Iterator<Item = Used>) -> TokenStream {
    used.map(|Used { pattern, residual, got, place, guessed }| {
        let allowed = guessed.then(|| quote!(#[allow(unused_variables)]));
        match sort {
            Sort::Arrays => arrays::seen(&quote!(#allowed let #pattern), &residual, place),
            _ => quote_spanned!(place=> #allowed let #pattern = #got;),
        }
    })
    .collect()
}

/// What a rule computes with.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Tensors,
    Arrays,
    Numbers,
}

impl Sort {
    /// An item of the contract that has a form for each.
    fn item(self, contract: &Contract, name: &str, place: proc_macro2::Span) -> TokenStream {
        match (self, name) {
            (Sort::Arrays, name) => contract.arrays(name, place),
            (Sort::Numbers, "none") => contract.item("no_number", place),
            (Sort::Tensors | Sort::Numbers, name) => contract.item(name, place),
        }
    }
}

/// Hands the gradients to `sink`.
pub(super) fn gradients(rule: &Rule, contract: &Contract, sink: &Ident, sort: Sort) -> TokenStream {
    match &rule.gradients {
        Gradients::Split(gradients) => {
            let nexts = gradients.iter().enumerate();
            let nexts = nexts.map(|(position, gradient)| next(rule, position, gradient, contract, sort));
            let last = gradients.last().map_or_else(|| sink.span(), |(gradient, _)| names::at(gradient.span()));
            quote_spanned!(last=> #sink #(#nexts)* .done())
        }
        Gradients::Whole { value, declared, early, fallible } => {
            let seen = seen(sort, captured_used(rule, |captured| captured.used_by.contains(&true)));
            let (mut value, place) = (value.clone(), names::at(value.span()));
            if declared.is_none() {
                let none = sort.item(contract, "none", place);
                with_typed_none(&mut value, &Expr::Verbatim(quote_spanned!(place=> #none())));
            }
            if declared.is_none() && *fallible {
                with_converted_errors(&mut value);
            }
            let output = match (declared, fallible) {
                (Some(ty), _) => quote!(-> #ty),
                (None, true) => {
                    let failure = contract.item("Failure", place);
                    quote!(-> ::core::result::Result<_, #failure>)
                }
                (None, false) => quote!(),
            };
            let can_fail = *fallible || declared.as_deref().is_some_and(|ty| in_result(ty).is_some());
            let method = match can_fail && sort == Sort::Tensors {
                true => quote_spanned!(place=> attempt),
                false => quote_spanned!(place=> whole),
            };
            match *early || !output.is_empty() {
                true => quote_spanned!(place=> #seen #sink.#method((|| #output { #value })())),
                false => quote_spanned!(place=> #seen #sink.#method(#value)),
            }
        }
        Gradients::Missing => quote!(),
    }
}

/// Hands over one gradient, with the type that an inner `fn` declares.
fn next(
    rule: &Rule,
    position: usize,
    (gradient, declared): &(Expr, Option<Type>),
    contract: &Contract,
    sort: Sort,
) -> TokenStream {
    let place = names::at(gradient.span());
    let captured = captured_used(rule, move |captured| captured.used_by[position]);
    let seen = seen(sort, captured.chain(lets_used(rule, &rule.uses[position])));
    let output = declared.as_ref().map(|ty| quote!(-> #ty));
    let value = match declared {
        None if sort == Sort::Tensors && matches!(gradient, Expr::Tuple(_)) => {
            let mut parts = gradient.clone();
            let none = sort.item(contract, "none", place);
            with_typed_none(&mut parts, &Expr::Verbatim(quote_spanned!(place=> #none())));
            parts.into_token_stream()
        }
        None if is_none(gradient) => sort.item(contract, "NoGradient", place),
        // A reference to one of the locals bound here would not outlive them.
        None if sort == Sort::Tensors && !seen.is_empty() && matches!(gradient, Expr::Reference(_)) => {
            quote_spanned!(place=> ::core::clone::Clone::clone(#gradient))
        }
        _ => gradient.to_token_stream(),
    };
    match (&output, sort, seen.is_empty()) {
        (_, Sort::Arrays, _) => arrays::next(&seen, declared.as_ref(), &value, place),
        (None, _, true) => quote_spanned!(place=> .next(|| #value)),
        _ => quote_spanned!(place=> .next(|| #output { #seen #value })),
    }
}
