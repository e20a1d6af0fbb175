//! `#[custom_gradient(elementwise)]`: functions written for one element.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

#[path = "../common/mod.rs"]
mod common;

mod broadcasting;
mod forms;
mod loops;
mod second;

use gradcore::prelude::*;

/// The gradient of `f` at `x`.
pub(crate) fn gradient_of<T: Real>(f: impl Fn(&Tensor<T>) -> Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = f(x);
    tape.gradient(&y, x).expect("a gradient")
}
