//! What a `grad` must take and give: one named function for each rule, each with its reason.

use quote::ToTokens;
use syn::Type;

use super::chain_rule::constant_gradients;
use super::signature::certain_inputs;
use crate::model::GradFn;
use crate::model::exit;
use crate::model::rule::{Gradients, Rule};
use crate::report::Report;
use crate::syntax::types::is_tensor;
use crate::syntax::values::is_none;
use crate::syntax::written::place_as_written;

/// `grad` borrows the upstream gradient.
pub(super) fn borrows_the_upstream(rule: &Rule, report: &mut Report) {
    for (pattern, ty) in &rule.parameters {
        if let Some(ty @ Type::Path(_)) = ty
            && is_tensor(ty).is_some()
        {
            let (pattern, found) = (pattern.to_token_stream(), ty.to_token_stream());
            report.error(ty, format_args!("`grad` borrows the upstream gradient; write `{pattern}: &{found}`"));
        }
    }
}

/// A pair's second half is a closure or a function of this function.
pub(super) fn rules_are_found(function: &GradFn, report: &mut Report) {
    for exit in &function.exits {
        let exit::Rule::Named(name) = &exit.rule else { continue };
        let upstream = match function.form.elementwise() {
            Some(elementwise) => elementwise.scalar.to_token_stream().to_string(),
            None => "&Tensor".to_owned(),
        };
        if !function.rule_names.contains(name) {
            report.error(
                name,
                format_args!("`{name}` is not a closure of this function; bind it with `let {name} = |dy| …;`, write the closure in the pair, or define `fn {name}(dy: {upstream}) -> …` inside"),
            );
        }
    }
}

/// A rule is the tape's to call.
pub(super) fn rules_are_left_alone(function: &GradFn, report: &mut Report) {
    for name in &function.rules_used {
        report.error(
            name,
            format_args!(
                "`{name}` belongs to the tape, which calls it with the upstream gradient; put what the body needs of it into a function of its own"
            ),
        );
    }
}

/// `grad` runs at once, and its derivative is that of its operations.
pub(super) fn is_plain(rule: &Rule, report: &mut Report) {
    rule.refused.iter().for_each(|(tokens, message)| report.error(tokens, message));
}

/// `grad` takes one upstream gradient for each output.
pub(super) fn takes_every_upstream(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Some(outputs) = function.output.each(function.form.is_elementwise()).filter(|outputs| !outputs.is_empty())
    else {
        return;
    };
    let (expected, found) = (outputs.len(), rule.parameters.len());
    if expected != found {
        let name = &function.function.sig.ident;
        let written: Vec<String> =
            (0..expected).map(|k| if expected == 1 { "dy".into() } else { format!("dy{k}") }).collect();
        report.error(
            &rule.written,
            format_args!(
                "`{name}` returns {}, so `grad` takes {}, found {found}; write `|{}|`",
                counted(expected, function.form.outputs_are()),
                counted(expected, "upstream gradient"),
                written.join(", ")
            ),
        );
    }
}

/// A body that ends in a semicolon gives no gradient.
pub(super) fn gives_a_value(rule: &Rule, report: &mut Report) {
    if matches!(rule.gradients, Gradients::Missing) {
        report.error(&rule.written, "`grad` returns nothing; end it with the gradient, without a semicolon");
    }
}

/// A `return` carries the gradients too.
pub(super) fn returns_values(rule: &Rule, report: &mut Report) {
    for early in &rule.bare_returns {
        report.error(
            early,
            "expected the gradient after this `return`, found nothing; where no gradient flows, write `return None;`, and `Some(…)` at the other ends",
        );
    }
}

/// One gradient for each differentiable parameter, where the types are plain enough to count them.
pub(super) fn gives_every_gradient(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Gradients::Split(gradients) = &rule.gradients else { return };
    let Some(mut inputs) = certain_inputs(function) else { return };
    if inputs.is_empty() && function.variables.is_empty() {
        return;
    }
    inputs.extend(function.variables.iter().map(place_as_written));
    let name = &function.function.sig.ident;
    let listed: Vec<String> = inputs.iter().map(|input| format!("`{input}`")).collect();
    let listed = listed.join(", ");
    if gradients.len() < inputs.len() {
        let missing = &inputs[gradients.len()];
        let shown: Vec<_> = gradients.iter().map(|(gradient, _)| gradient).collect();
        report.error(
            quote::quote!(#(#shown),*),
            format_args!(
                "the gradient of `{missing}` is missing: `{name}` has {} ({listed}), `grad` returns {}; write `None` for one to which no gradient flows",
                counted(inputs.len(), "differentiable input"),
                gradients.len()
            ),
        );
    } else if let Some((surplus, _)) = gradients.get(inputs.len()) {
        report.error(
            surplus,
            format_args!(
                "a gradient too many: `{name}` has {} ({listed}), `grad` returns {}; constants get none, not even `None`",
                counted(inputs.len(), "differentiable input"),
                gradients.len()
            ),
        );
    }
}

/// No gradient flows through integers: their rule can only say so.
pub(super) fn integers_stop_gradients(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Some(outputs) = function.output.each(function.form.is_elementwise()) else { return };
    let is_integer = |ty: &Type| matches!(is_tensor(ty).as_deref(), Some("i32" | "i64" | "u8" | "bool"));
    let Gradients::Split(gradients) = &rule.gradients else { return };
    if function.variables.is_empty() && certain_inputs(function).is_some_and(|inputs| inputs.is_empty()) {
        return;
    }
    if !outputs.is_empty() && outputs.into_iter().all(is_integer) {
        for (gradient, _) in gradients.iter().filter(|(gradient, _)| !is_none(gradient)) {
            report.error(
                gradient,
                format_args!("`{}` returns integers, through which no gradient flows; write `None`, or return a tensor of `f32` or `f64`", function.function.sig.ident),
            );
        }
    }
}

/// By the chain rule a gradient is linear in the upstream gradient: one without it is almost always a mistake.
pub(super) fn gradients_use_their_upstream(function: &GradFn, rule: &Rule, report: &mut Report) {
    if function.allows_constant_gradients || rule.parameters.is_empty() {
        return;
    }
    let upstreams: Vec<String> =
        rule.parameters.iter().map(|(pattern, _)| format!("`{}`", pattern.to_token_stream())).collect();
    for gradient in constant_gradients(rule) {
        report.error(
            &gradient,
            format_args!("this gradient of `{}` never uses the upstream gradient {}, so what comes after the function is lost; multiply by it, write `None` where no gradient flows, or, if it is meant, put `#[allow_constant_gradient]` below `#[custom_gradient]`", function.function.sig.ident, upstreams.join(" or ")),
        );
    }
}

fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}
