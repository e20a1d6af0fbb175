//! What a function must be: one named function for each rule, each with its reason.

mod captures;
mod chain_rule;
mod closure;
mod elementwise;
mod generated_test;
mod gradients;
mod item;
mod signature;
mod truth;

use syn::ItemFn;

use crate::model::{Form, GradFn};
use crate::report::Report;

pub(crate) use item::{misplaced, parse};

/// Reports every mistake that the syntax shows, of a function and of how it was written.
pub(crate) fn check(function: &GradFn, written: &ItemFn, report: &mut Report) {
    truth::check(function, written, report);
    signature::is_plain(function, report);
    if let Form::Closure(around) = &function.form {
        closure::check(&function.function, around, report);
    }
    if function.form.is_elementwise() {
        if !elementwise::check(function, report) {
            return;
        }
    } else {
        signature::returns_a_value(function, report);
        signature::has_an_input(function, report);
    }
    signature::variables_are_no_parameters(function, report);
    signature::is_given_nothing_to_change(function, report);
    generated_test::check(function, report);
    gradients::rules_are_found(function, report);
    gradients::rules_are_left_alone(function, report);
    for rule in &function.rules {
        if !rule.refused.is_empty() {
            gradients::is_plain(rule, report);
            continue;
        }
        gradients::takes_every_upstream(function, rule, report);
        gradients::borrows_the_upstream(rule, report);
        gradients::gives_a_value(rule, report);
        gradients::returns_values(rule, report);
        gradients::gives_every_gradient(function, rule, report);
        gradients::integers_stop_gradients(function, rule, report);
        gradients::gradients_use_their_upstream(function, rule, report);
        captures::captures_stay_unchanged(rule, report);
        captures::captures_can_be_kept(function, rule, report);
    }
}
