//! What a function must be: one named function for each rule, each with its reason.

mod chain_rule;
mod closure;
mod elementwise;
mod generated_test;
mod truth;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Generics, Item, ItemFn, Safety, TraitItemFn, Type, TypeParamBound};

use crate::check::chain_rule::constant_gradients;
use crate::model::GradFn;
use crate::model::exit;
use crate::model::parameter::{Parameter, ParameterKind};
use crate::model::rule::{Gradients, Rule};
use crate::report::Report;
use crate::syntax::types::{bounds, is_constant, is_tensor};
use crate::syntax::values::is_none;

/// The attribute stands on a function with a body.
pub(crate) fn parse(function: TokenStream) -> syn::Result<ItemFn> {
    syn::parse2::<ItemFn>(function.clone()).map_err(|error| match syn::parse2::<Item>(function.clone()) {
        _ if syn::parse2::<TraitItemFn>(function.clone()).is_ok() => syn::Error::new_spanned(
            function,
            "`#[custom_gradient]` expects a function with a body, found a declaration; give it a body, or annotate the function where a type implements the trait",
        ),
        Ok(item) => {
            let kind = match item {
                Item::Struct(_) => "a struct",
                Item::Enum(_) => "an enum",
                Item::Impl(_) => "an `impl` block",
                Item::Trait(_) => "a trait",
                Item::Mod(_) => "a module",
                Item::Const(_) => "a constant",
                Item::Static(_) => "a static",
                _ => "another item",
            };
            syn::Error::new_spanned(
                function,
                format_args!("`#[custom_gradient]` expects a function with a body, found {kind}"),
            )
        }
        Err(_) => error,
    })
}

/// The mistake, and what the attribute stood on, so that its name stays known. What may hold functions to be rewritten
/// is left out.
pub(crate) fn misplaced(item: TokenStream, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    match syn::parse2::<Item>(item) {
        Ok(Item::Impl(_) | Item::Trait(_) | Item::Mod(_) | Item::Verbatim(_)) | Err(_) => error,
        Ok(item) => quote::quote!(#error #item),
    }
}

/// Reports every mistake that the syntax shows, of a function and of how it was written.
pub(crate) fn check(function: &GradFn, written: &ItemFn, report: &mut Report) {
    truth::check(function, written, report);
    signature(function, report);
    if function.around.is_some() {
        closure::check(&function.function, report);
    }
    if function.is_elementwise {
        if !elementwise::check(function, report) {
            return;
        }
    } else {
        returns_a_value(function, report);
        has_an_input(function, report);
    }
    variables_are_no_parameters(function, report);
    is_given_nothing_to_change(function, report);
    generated_test::check(function, report);
    rules_are_found(function, report);
    rules_are_left_alone(function, report);
    for rule in &function.rules {
        if !rule.refused.is_empty() {
            is_plain(rule, report);
            continue;
        }
        takes_every_upstream(function, rule, report);
        borrows_the_upstream(rule, report);
        gives_a_value(rule, report);
        returns_values(rule, report);
        gives_every_gradient(function, rule, report);
        integers_stop_gradients(function, rule, report);
        gradients_use_their_upstream(function, rule, report);
        captures_stay_unchanged(rule, report);
        captures_can_be_kept(function, rule, report);
    }
}

/// A tape notes which inputs are needed in the bits of a word.
const MOST_INPUTS: usize = 64;

/// The body runs when the function is called, on the thread of the tape, and is no constant.
fn signature(function: &GradFn, report: &mut Report) {
    let signature = &function.function.sig;
    let name = &signature.ident;
    if let Some(token) = &signature.asyncness {
        report.error(
            token,
            format_args!("`{name}` cannot be `async`: a tape records calls in the order in which they run"),
        );
    }
    if let Some(token) = &signature.constness {
        report.error(token, format_args!("`{name}` cannot be `const`: a tape records calls that run"));
    }
    if let Some(abi) = &signature.abi {
        report.error(abi, format_args!("`{name}` cannot be `extern`: it takes and returns tensors"));
    }
    if let Some(variadic) = &signature.variadic {
        report.error(variadic, format_args!("`{name}` cannot be variadic"));
    }
    let inputs = function.parameters.len() + function.variables.len();
    if inputs > MOST_INPUTS {
        report.error(
            &signature.inputs,
            format_args!("`{name}` has {inputs} parameters and variables; expected at most {MOST_INPUTS}"),
        );
    }
    if let Safety::Unsafe(token) = &signature.safety {
        report.error(token, format_args!("`{name}` cannot be `unsafe`; put the `unsafe` block inside"));
    }
}

/// Without a value there is nothing to differentiate.
fn returns_a_value(function: &GradFn, report: &mut Report) {
    let signature = &function.function.sig;
    let value = if function.arrays.is_some() { "Array2<f32>" } else { "Tensor" };
    match &function.output {
        None => report.error(
            signature,
            format_args!("`{}` returns nothing; write the type of its value, such as `-> {value}`, and end it with the pair `(value, grad)`", signature.ident),
        ),
        // Its mistakes were reported when the arrays were taken out of the signature.
        Some(_) if function.arrays.is_some() => {}
        Some(ty @ Type::ImplTrait(_)) => {
            report.error(ty, format_args!("`{}` must name the type of its value, such as `Tensor` or `(Tensor, Tensor)`", signature.ident));
        }
        Some(ty) if is_constant(ty) => {
            let found = ty.to_token_stream();
            report.error(ty, format_args!("`{}` returns `{found}`; expected a tensor, such as `Tensor`, or a tuple of tensors", signature.ident));
        }
        Some(Type::Tuple(tuple)) if tuple.elems.is_empty() => {
            report.error(tuple, format_args!("`{}` returns nothing; expected a tensor, or a tuple of tensors", signature.ident));
        }
        Some(_) => {}
    }
}

/// A gradient needs somewhere to go (where the syntax shows that it has not; types show the rest).
fn has_an_input(function: &GradFn, report: &mut Report) {
    let name = &function.function.sig.ident;
    if !function.variables.is_empty() || (function.arrays.is_some() && report.has_errors()) {
        return;
    }
    if function.parameters.is_empty() {
        let hint = if function.function.sig.receiver().is_some() {
            "; list what the body reads of `self` in `#[custom_gradient(variables(self.w))]`"
        } else {
            ""
        };
        report.error(
            &function.function.sig,
            format_args!("`{name}` has no parameter to which a gradient could flow{hint}"),
        );
    } else if function.parameters.iter().all(|parameter| parameter.kind != ParameterKind::ByType) {
        report.error(
            &function.function.sig.inputs,
            format_args!("every parameter of `{name}` is marked `#[nondiff]`; leave one to which a gradient flows"),
        );
    } else if certain_inputs(function).is_some_and(|inputs| inputs.is_empty()) {
        report.error(
            &function.function.sig.inputs,
            format_args!(
                "`{name}` has no differentiable parameter; expected {} of `f32` or `f64`, such as `{}`",
                if function.arrays.is_some() { "an array" } else { "a tensor or variable" },
                if function.arrays.is_some() { "a: ArrayView2<f32>" } else { "x: &Tensor" }
            ),
        );
    }
}

/// A place gets one gradient.
fn variables_are_no_parameters(function: &GradFn, report: &mut Report) {
    let text = |place: &syn::Expr| place.to_token_stream().to_string().replace(' ', "");
    for (number, place) in function.variables.iter().enumerate() {
        let shown = text(place);
        if function.parameters.iter().any(|parameter| parameter.name == shown) {
            report.error(
                place,
                format_args!(
                    "`{shown}` is a parameter, which gets its gradient as such; remove it from `variables(…)`"
                ),
            );
        } else if function.variables[..number].iter().any(|earlier| text(earlier) == shown) {
            report.error(place, format_args!("`{shown}` is listed twice; remove one"));
        }
    }
}

/// A body that runs again has to find what it found the first time.
fn is_given_nothing_to_change(function: &GradFn, report: &mut Report) {
    if function.again.is_none() {
        return;
    }
    for Parameter { ty, shown, .. } in &function.parameters {
        if let Type::Reference(reference) = ty
            && reference.mutability.is_some()
            && is_tensor(&reference.elem).is_none()
        {
            let found = ty.to_token_stream();
            report.error(ty, format_args!("with `recompute` the body runs again, so it cannot change `{shown}`, found `{found}`; take a copy, or a shared reference"));
        }
    }
}

/// `grad` borrows the upstream gradient.
fn borrows_the_upstream(rule: &Rule, report: &mut Report) {
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
fn rules_are_found(function: &GradFn, report: &mut Report) {
    for exit in &function.exits {
        let exit::Rule::Named(name) = &exit.rule else { continue };
        let upstream = match &function.elementwise {
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
fn rules_are_left_alone(function: &GradFn, report: &mut Report) {
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
fn is_plain(rule: &Rule, report: &mut Report) {
    rule.refused.iter().for_each(|(tokens, message)| report.error(tokens, message));
}

/// `grad` takes one upstream gradient for each output.
fn takes_every_upstream(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Some(outputs) = function.outputs.as_ref().filter(|outputs| !outputs.is_empty()) else { return };
    let (expected, found) = (outputs.len(), rule.parameters.len());
    if expected != found {
        let name = &function.function.sig.ident;
        let written: Vec<String> =
            (0..expected).map(|k| if expected == 1 { "dy".into() } else { format!("dy{k}") }).collect();
        report.error(
            &rule.written,
            format_args!(
                "`{name}` returns {}, so `grad` takes {}, found {found}; write `|{}|`",
                counted(expected, function.outputs_are()),
                counted(expected, "upstream gradient"),
                written.join(", ")
            ),
        );
    }
}

/// A body that ends in a semicolon gives no gradient.
fn gives_a_value(rule: &Rule, report: &mut Report) {
    if matches!(rule.gradients, Gradients::Missing) {
        report.error(&rule.written, "`grad` returns nothing; end it with the gradient, without a semicolon");
    }
}

/// A `return` carries the gradients too.
fn returns_values(rule: &Rule, report: &mut Report) {
    for early in &rule.bare_returns {
        report.error(
            early,
            "expected the gradient after this `return`, found nothing; where no gradient flows, write `return None;`, and `Some(…)` at the other ends",
        );
    }
}

/// One gradient for each differentiable parameter, where the types are plain enough to count them.
fn gives_every_gradient(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Gradients::Split(gradients) = &rule.gradients else { return };
    let Some(mut inputs) = certain_inputs(function) else { return };
    if inputs.is_empty() && function.variables.is_empty() {
        return;
    }
    inputs.extend(function.variables.iter().map(|place| place.to_token_stream().to_string().replace(' ', "")));
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

/// The names of the differentiable parameters, if the syntax of every type tells which they are.
fn certain_inputs(function: &GradFn) -> Option<Vec<String>> {
    if let Some(elementwise) = &function.elementwise {
        return Some(elementwise.inputs(&function.parameters));
    }
    let mut inputs = Vec::new();
    for parameter in function.parameters.iter().filter(|parameter| parameter.kind == ParameterKind::ByType) {
        match is_tensor(&parameter.ty).as_deref() {
            Some("f32" | "f64") => inputs.push(parameter.shown.clone()),
            Some("i32" | "i64" | "u8" | "bool") => {}
            Some(dtype) => match bounds(&function.function.sig.generics, dtype) {
                bounds if bounds.contains("Real") => inputs.push(parameter.shown.clone()),
                bounds if bounds.contains("Integer") => {}
                _ => return None,
            },
            _ if !parameter.configured.is_empty() => return None,
            None if is_constant(&parameter.ty) => {}
            None => return None,
        }
    }
    Some(inputs)
}

/// No gradient flows through integers: their rule can only say so.
fn integers_stop_gradients(function: &GradFn, rule: &Rule, report: &mut Report) {
    let Some(outputs) = &function.outputs else { return };
    let is_integer = |ty: &Type| matches!(is_tensor(ty).as_deref(), Some("i32" | "i64" | "u8" | "bool"));
    let Gradients::Split(gradients) = &rule.gradients else { return };
    if function.variables.is_empty() && certain_inputs(function).is_some_and(|inputs| inputs.is_empty()) {
        return;
    }
    if !outputs.is_empty() && outputs.iter().all(is_integer) {
        for (gradient, _) in gradients.iter().filter(|(gradient, _)| !is_none(gradient)) {
            report.error(
                gradient,
                format_args!("`{}` returns integers, through which no gradient flows; write `None`, or return a tensor of `f32` or `f64`", function.function.sig.ident),
            );
        }
    }
}

/// By the chain rule a gradient is linear in the upstream gradient: one without it is almost always a mistake.
fn gradients_use_their_upstream(function: &GradFn, rule: &Rule, report: &mut Report) {
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

/// What `grad` captures is kept for each of its runs, and each sees it as it was.
fn captures_stay_unchanged(rule: &Rule, report: &mut Report) {
    for (place, what) in &rule.changed {
        report.error(
            what,
            format_args!("`grad` cannot change `{place}`: it runs later, on what `{place}` was when the function ran; copy it first, as in `let mut {place} = {place}.clone();`, or count in a `Cell` behind an `Rc`"),
        );
    }
}

/// Types that cannot be kept, where the syntax shows it and rustc would say it at length.
fn captures_can_be_kept(function: &GradFn, rule: &Rule, report: &mut Report) {
    for captured in &rule.captures {
        let place = captured.place.text();
        let of_place = |parameter: &&Parameter| captured.is_parameter && parameter.name == place;
        let Some(parameter) = function.parameters.iter().find(of_place) else { continue };
        if let Type::Reference(reference) = &parameter.ty
            && reference.mutability.is_some()
            && is_tensor(&reference.elem).is_none()
        {
            report.error(
                captured.place.expression(),
                format_args!("`grad` cannot capture the mutable reference `{place}`: it runs later, when the borrow is over; bind what it reads by `let` before it, as in `let {place} = {place}.clone();`"),
            );
            continue;
        }
        let bounds = bounds_that_lack_static(&function.function.sig.generics, &parameter.ty);
        if let Some(bounds) = bounds {
            let cloned = if bounds.contains("Clone") || bounds.contains("Copy") { "" } else { "Clone + " };
            report.error(
                captured.place.expression(),
                format_args!("`grad` captures `{place}` and runs later, so the type of `{place}` must borrow nothing; add `{cloned}'static` to its bounds `{bounds}`"),
            );
        }
    }
}

/// The bounds of a generic parameter or of an `impl` type, if none of them can imply `'static`.
fn bounds_that_lack_static(generics: &Generics, ty: &Type) -> Option<String> {
    const WITHOUT_STATIC: [&str; 13] = [
        "Into",
        "From",
        "Copy",
        "Clone",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsRef",
        "Debug",
        "Display",
        "Default",
        "PartialOrd",
        "Send",
    ];
    let implies_nothing = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => {
            let name = bound.path.segments.last().map(|last| last.ident.to_string());
            name.is_some_and(|name| WITHOUT_STATIC.contains(&name.as_str()))
        }
        _ => false,
    };
    let shown = match ty {
        Type::ImplTrait(ty) => ty.bounds.iter().all(implies_nothing).then(|| ty.bounds.to_token_stream()),
        ty => {
            let parameter =
                generics.type_params().find(|parameter| parameter.ident == ty.to_token_stream().to_string())?;
            let is_plain = generics.where_clause.is_none() && parameter.bounds.iter().all(implies_nothing);
            is_plain.then(|| parameter.bounds.to_token_stream())
        }
    };
    shown.map(|bounds| bounds.to_string().replace(" < ", "<").replace(" >", ">").replace("& ", "&").replace(" (", "("))
}

fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}
