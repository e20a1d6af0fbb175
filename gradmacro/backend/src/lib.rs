//! What `#[custom_gradient]` does, as a function from tokens to tokens. The attribute is a thin crate around it. A macro
//! cannot know through which crate it was reached, so a crate with the same contract over other tensors has an attribute of
//! its own, which passes its own path to [`rewrite`].
//!
//! The macro knows syntax only. A function passes through its rooms in this order, and none looks into a later one, which
//! `cargo run -p layers` checks:
//!
//! 1. `syntax/groups` takes off the groups in which `macro_rules!` hands over its arguments. `syntax` is what tokens show
//!    whatever the options: types, attributes, scopes, the names mentioned, effects.
//! 2. `model/options` reads the attribute. Options that contradict each other end the way here: a barrier.
//!    Where `#[cfg]` stands in the function, `syntax/configured` has rustc answer it, and the attribute runs again: another.
//!    `syntax/hygiene` gives names of their own to locals that `macro_rules!` tells apart.
//! 3. `model::GradFn::of` takes every decision. Its `form` says which option has given the body another form (`arrays`,
//!    `closure`, `elementwise`, `recompute`); `parameter` tells constants from inputs, `exit` takes the pairs out of the body
//!    and leaves holes (`hole`), `comparison` and `literals` give operators their meaning.
//! 4. `model/taking` takes each `grad` out, with the closures of the body that it uses (`helper`), and `model/rule` takes it
//!    apart into gradients; `capture` finds the locals that it uses, `stale` which of them may change before the pair,
//!    `outside` what it changes itself, `lazy_lets` which of its statements may be left out.
//! 5. `check` reports every mistake that the syntax shows, one named function for each; mistakes are collected in `report`,
//!    so that one compile shows them all. With mistakes `expand/refused` keeps the signature alone: the second barrier.
//! 6. `expand`, which cannot fail and decides nothing, chooses by the form in one place (`expand::expand`) and writes the
//!    function anew: `function` begins the call, `block` fills the holes, `rule` writes the backward functions, and each
//!    option with a form has a file of its name; `generated_test` is the option `check`.
//! 7. Every name in generated code stands in `names`. What the names mean is `gradcore::__private`.

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
/// the module `__private` of the crate at `home`, such as `::gradcore`, unless the option `crate = …` names another. There
/// the attribute itself is found, too.
#[must_use]
pub fn rewrite(options: TokenStream, function: TokenStream, home: &str) -> TokenStream {
    let function = syntax::groups::opened(function);
    let mut function = match check::parse(function.clone()) {
        Ok(function) => function,
        Err(error) => return check::misplaced(function, &error),
    };
    syntax::groups::hold_function_together(&mut function);
    let mut report = report::Report::default();
    let written = options.clone();
    let options = model::options::Options::parse(options, &mut report);
    if options.unclear
        && let Err(mistakes) = report.barrier()
    {
        return expand::refused(function, &mistakes);
    }
    let contract = names::Contract::new(options.gradcore.as_ref(), home);
    if let Some(question) = syntax::configured::question(&function) {
        // The attribute finds the same mistakes when it runs again.
        report.forget();
        return expand::for_each_answer(&question, &written, &contract);
    }
    syntax::hygiene::tell_apart(&mut function);
    let model = model::GradFn::of(options, contract, &function, &mut report);
    check::check(&model, &function, &mut report);
    match report.barrier() {
        Ok(()) => expand::expand(&model),
        Err(mistakes) => expand::refused_model(model, &mistakes),
    }
}
