//! TensorFlow's own tests of custom gradients, tapes and accumulators, under their names, with their values.
//!
//! A file for each suite; what is left out stands at its head, with the reason. Where TensorFlow raises and here the
//! compiler refuses, a comment names the case in `tests/ui`. Where it gives `None`, the test expects the named reason.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary, unless a test says how close they are")]

mod backprop;
mod behaviours;
mod custom_gradient;
mod documentation;
mod forwardprop;
mod gradient_checker;
mod gradients;
mod indexed_slices;
mod jacobian;
mod recompute_grad;

use gradcore::Unconnected;
use gradcore::prelude::*;

/// A number watched by a tape.
fn watched(value: f32) -> (Tensor, GradientTape) {
    let x = tf::constant(value);
    let tape = GradientTape::new();
    tape.watch(&x);
    (x, tape)
}

/// The gradient of a function of one tensor.
fn derivative(f: impl Fn(&Tensor) -> Tensor, at: &Tensor) -> Result<Tensor, Error> {
    let tape = GradientTape::new();
    tape.watch(at);
    let y = f(at);
    tape.gradient(&y, at)
}

/// Why there is no gradient, where TensorFlow gives `None`.
#[track_caller]
fn reason<G: std::fmt::Debug>(result: Result<G, Error>) -> Unconnected {
    match result {
        Err(Error::Unconnected { reason, .. }) => reason,
        other => panic!("expected a missing gradient, found {other:?}"),
    }
}

/// Fails unless two numbers agree to so many parts of the expected one, or of 1 if that is greater.
#[track_caller]
fn assert_near(found: impl Into<f64>, expected: f64, tolerance: f64) {
    let found = found.into();
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "expected {expected}, found {found}");
}

/// Fails unless every element is near the expected one.
#[track_caller]
fn assert_all_near<T: Real>(found: &Tensor<T>, expected: &[f64], tolerance: f64) {
    assert_eq!(found.size(), expected.len());
    let found = found.to_vec().into_iter().map(T::to_f64);
    found.zip(expected).for_each(|(found, &expected)| assert_near(found, expected, tolerance));
}
