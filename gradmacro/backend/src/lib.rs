//! What `#[custom_gradient]` does, as a function from tokens to tokens. The attribute is a thin crate around it. A macro
//! cannot know through which crate it was reached, so a crate with the same contract over other tensors has an attribute of
//! its own, which passes its own path to [`rewrite`].
//!
//! The macro knows syntax only. A function passes through its rooms in this order, and none of them looks into a later one:
//!
//! 1. `syntax` is what tokens show whatever the options: types, attributes, scopes, the names mentioned, effects. First of
//!    all it takes off the groups in which `macro_rules!` hands over its arguments (`syntax::groups`).
//! 2. `model` turns the function into a `GradFn` with every decision taken: `options` reads the attribute, `parameter` tells
//!    inputs from constants, `exit` takes the pairs out of the body, `rule` takes each `grad` apart, `capture` finds what it
//!    uses, `stale` what of that may change before the pair, `lazy_lets` what may be left out. `arrays`, `closure`,
//!    `elementwise`, `recompute` and `checked` are what those options ask for.
//! 3. `check` reports every mistake that the syntax shows, one named function for each rule.
//! 4. `expand`, which cannot fail, writes the function anew: `block` puts the exits back into the body, `rule` writes the
//!    backward functions, and each option with a form of its own has a file of its name.
//!
//! Every name in generated code stands in `names`; mistakes are collected in a `report`, so that one compile shows them all.

mod check;
mod expand;
mod model;
mod names;
mod report;
#[cfg(test)]
mod snapshots;
mod syntax;

use proc_macro2::TokenStream;

/// The annotated function as a pair of forward and backward functions, or what is wrong with it as `compile_error!`s.
///
/// `options` is what stands in the parentheses of the attribute, `function` what the attribute stands on. Generated code uses
/// the module `__private` of the crate at `home`, such as `::gradcore`, unless the option `crate = …` names another.
#[must_use]
pub fn rewrite(options: TokenStream, function: TokenStream, home: &str) -> TokenStream {
    let function = syntax::groups::opened(function);
    let mut function = match check::parse(function.clone()) {
        Ok(function) => function,
        Err(error) => return check::misplaced(function, &error),
    };
    syntax::groups::hold_function_together(&mut function);
    let mut report = report::Report::default();
    let options = model::options::Options::parse(options, &mut report);
    if options.unclear
        && let Err(mistakes) = report.barrier()
    {
        return expand::refused(function, &mistakes);
    }
    let contract = names::Contract::new(options.gradcore.as_ref(), home);
    let model = model::GradFn::of(options, contract, &function, &mut report);
    check::check(&model, &function, &mut report);
    match report.barrier() {
        Ok(()) => expand::expand(&model),
        Err(mistakes) => expand::refused_model(model, &mistakes),
    }
}
