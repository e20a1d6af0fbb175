//! What a signature must be: one named function for each rule, each with its reason.

use quote::ToTokens;
use syn::{Safety, Type};

use crate::model::parameter::{Parameter, ParameterKind};
use crate::model::{Form, GradFn};
use crate::report::Report;
use crate::syntax::types::{are_bounded, bounds, is_constant, is_tensor};
use crate::syntax::written::place_as_written;

/// A tape notes which inputs are needed in the bits of a word.
const MOST_INPUTS: usize = 64;

/// The body runs when the function is called, on the thread of the tape, and is no constant.
pub(super) fn is_plain(function: &GradFn, report: &mut Report) {
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
pub(super) fn returns_a_value(function: &GradFn, report: &mut Report) {
    let signature = &function.function.sig;
    let value = if function.form.arrays().is_some() { "Array2<f32>" } else { "Tensor" };
    match &function.output.value {
        None => report.error(
            signature,
            format_args!("`{}` returns nothing; write the type of its value, such as `-> {value}`, and end it with the pair `(value, grad)`", signature.ident),
        ),
        // Its mistakes were reported when the arrays were taken out of the signature.
        Some(_) if function.form.arrays().is_some() => {}
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
pub(super) fn has_an_input(function: &GradFn, report: &mut Report) {
    let name = &function.function.sig.ident;
    if !function.variables.is_empty() || (function.form.arrays().is_some() && report.has_errors()) {
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
                if function.form.arrays().is_some() { "an array" } else { "a tensor or variable" },
                if function.form.arrays().is_some() { "a: ArrayView2<f32>" } else { "x: &Tensor" }
            ),
        );
    }
}

/// A place gets one gradient.
pub(super) fn variables_are_no_parameters(function: &GradFn, report: &mut Report) {
    for (number, place) in function.variables.iter().enumerate() {
        let shown = place_as_written(place);
        if function.parameters.iter().any(|parameter| parameter.name == shown) {
            report.error(
                place,
                format_args!(
                    "`{shown}` is a parameter, which gets its gradient as such; remove it from `variables(…)`"
                ),
            );
        } else if function.variables[..number].iter().any(|earlier| place_as_written(earlier) == shown) {
            report.error(place, format_args!("`{shown}` is listed twice; remove one"));
        }
    }
}

/// A body that runs again has to find what it found the first time.
pub(super) fn is_given_nothing_to_change(function: &GradFn, report: &mut Report) {
    if !matches!(function.form, Form::Recompute(_)) {
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

/// The names of the differentiable parameters, if the syntax of every type tells which they are.
pub(super) fn certain_inputs(function: &GradFn) -> Option<Vec<String>> {
    if let Some(elementwise) = function.form.elementwise() {
        return Some(elementwise.inputs(&function.parameters));
    }
    let mut inputs = Vec::new();
    for parameter in function.parameters.iter().filter(|parameter| parameter.kind == ParameterKind::ByType) {
        match is_tensor(&parameter.ty).as_deref() {
            Some("f32" | "f64") => inputs.push(parameter.shown.clone()),
            Some("i32" | "i64" | "u8" | "bool") => {}
            Some(dtype) => {
                let bounded = |name| are_bounded(bounds(&function.function.sig.generics, dtype), &[name]);
                match () {
                    () if bounded("Real") => inputs.push(parameter.shown.clone()),
                    () if bounded("Integer") => {}
                    () => return None,
                }
            }
            None if is_constant(&parameter.ty) => {}
            None => return None,
        }
    }
    Some(inputs)
}
