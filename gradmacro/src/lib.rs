//! The attribute [`macro@custom_gradient`]. Use it through `gradcore`, which re-exports it.
//!
//! The macro knows syntax only. It works in three steps with a barrier after each of the first two:
//!
//! 1. `model` turns the function into a `GradFn` whose defaults are resolved: `options` reads the attribute, `exit` takes
//!    the pairs out of the body, `rule` takes each `grad` apart, `capture` finds what it uses, `lets` what of it may be left
//!    out.
//! 2. `check` reports every mistake that the syntax shows, one named function for each rule.
//! 3. `expand`, which cannot fail, writes the function anew; `fill` puts exits and rules back into the body.
//!
//! Options that change more than a detail have files of their own: `closure`, `elementwise`, `arrays`, `recompute`, and
//! `checked` for `check(…)`. Every name in generated code stands in `names`.

mod check;
mod expand;
mod model;
mod names;
mod report;
#[cfg(test)]
mod snapshots;
mod syntax;

use proc_macro::TokenStream;

#[doc = include_str!("expansion.md")]
#[proc_macro_attribute]
pub fn custom_gradient(options: TokenStream, function: TokenStream) -> TokenStream {
    rewrite(options.into(), function.into()).into()
}

fn rewrite(options: proc_macro2::TokenStream, function: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut function = match check::parse(function.clone()) {
        Ok(function) => function,
        Err(error) => return check::misplaced(function, &error),
    };
    syntax::groups::hold_function_together(&mut function);
    let mut report = report::Report::default();
    let options = model::options::Options::parse(options, &mut report);
    if options.unclear {
        let errors = report.finish().err().unwrap_or_default();
        return expand::refused(function, None, &errors);
    }
    let contract = names::Contract::new(options.gradcore.clone());
    let arrays = options.arrays.is_some().then(|| model::arrays::take(&mut function, &contract, &mut report));
    let again = model::recompute::again(&function, &options);
    let modelled = model::GradFn::new(options, arrays, again, function.clone(), &mut report);
    check::check(&modelled, &function, &mut report);
    match report.finish() {
        Ok(()) if modelled.elementwise.is_some() => expand::elementwise::expand(modelled),
        Ok(()) => expand::expand(modelled),
        Err(errors) => {
            let function = expand::elementwise::as_called(&modelled, function);
            expand::refused(function, modelled.arrays.as_ref(), &errors)
        }
    }
}
