//! Forward mode: accumulators, and what they say of rules.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod accumulators;
mod effects;
mod elementwise;
mod rules;

use gradcore::prelude::*;

/// Fails unless a tensor has these elements, but for rounding.
#[track_caller]
pub(crate) fn close<const N: usize>(found: &Tensor<f64>, expected: [f64; N]) {
    let is_close = |(found, expected): (f64, f64)| (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
    assert!(found.to_vec().into_iter().zip(expected).all(is_close), "expected {expected:?}, found {found}");
}
