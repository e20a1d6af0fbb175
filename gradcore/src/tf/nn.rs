//! Operations of neural networks (TensorFlow's `nn`).

use std::borrow::Borrow;

use super::indices::Indices;
use super::options::Axes;
use crate::element::{Number, Real};
use crate::error::{Error, refuse};
use crate::ops;
use crate::tensor::{Operand, Tensor};

/// max(x, 0). Its gradient is 1 where x > 0 and 0 elsewhere, at 0 too.
#[track_caller]
#[must_use]
pub fn relu<T: Number>(x: impl Operand<T>) -> Tensor<T> {
    ops::relu(x.held().borrow())
}

/// eˣ - 1 where x < 0, else x.
#[track_caller]
#[must_use]
pub fn elu<T: Real>(x: impl Operand<T>) -> Tensor<T> {
    ops::elu(x.held().borrow())
}

/// x / (1 + e⁻ˣ), also known as silu.
#[track_caller]
#[must_use]
pub fn swish<T: Real>(x: impl Operand<T>) -> Tensor<T> {
    ops::swish(x.held().borrow())
}

/// ln(1 + eˣ), without overflow.
#[track_caller]
#[must_use]
pub fn softplus<T: Real>(x: impl Operand<T>) -> Tensor<T> {
    ops::softplus(x.held().borrow())
}

/// eˣ / Σ eˣ along the last axis (`..`) or another: `softmax(x, axis(0))`.
///
/// # Panics
/// Panics if `logits` is a scalar, the axis is out of range, or several are named.
#[track_caller]
#[must_use]
pub fn softmax<T: Real>(logits: impl Operand<T>, options: impl Into<Axes>) -> Tensor<T> {
    let logits = logits.held();
    let logits = logits.borrow();
    match swap_with_last("softmax", logits, &options.into()) {
        None => ops::softmax(logits),
        Some(swap) => ops::transpose(&ops::softmax(&ops::transpose(logits, &swap)), &swap),
    }
}

/// x - ln Σ eˣ along the last axis (`..`) or another, without overflow: `log_softmax(x, axis(0))`.
///
/// # Panics
/// Panics if `logits` is a scalar, the axis is out of range, or several are named.
#[track_caller]
#[must_use]
pub fn log_softmax<T: Real>(logits: impl Operand<T>, options: impl Into<Axes>) -> Tensor<T> {
    let logits = logits.held();
    let logits = logits.borrow();
    match swap_with_last("log_softmax", logits, &options.into()) {
        None => ops::log_softmax(logits),
        Some(swap) => ops::transpose(&ops::log_softmax(&ops::transpose(logits, &swap)), &swap),
    }
}

/// The order of axes in which the one that is asked for and the last have changed places, unless it is the last.
#[track_caller]
fn swap_with_last<T: Real>(operation: &'static str, x: &Tensor<T>, axes: &Axes) -> Option<Vec<usize>> {
    if x.rank() == 0 {
        refuse(&Error::Argument {
            operation,
            expected: "`logits` to have at least 1 axis".into(),
            found: "a scalar".into(),
        });
    }
    let last = x.rank() - 1;
    let place = match axes.axes {
        None => last,
        Some(_) => axes.only_one(operation, x.shape()),
    };
    let mut swapped: Vec<usize> = (0..=last).collect();
    swapped.swap(place, last);
    (place != last).then_some(swapped)
}

/// -ln softmax(logits) at the label of each row: `logits` of shape `[…, classes]`, `labels` of shape `[…]` from 0 to
/// `classes` (exclusive). In TensorFlow both are passed by keyword; the order is the same.
///
/// # Panics
/// Panics if the shapes do not match, or a label is no class.
#[track_caller]
#[must_use]
pub fn sparse_softmax_cross_entropy_with_logits<T: Real>(labels: impl Indices, logits: impl Operand<T>) -> Tensor<T> {
    ops::sparse_softmax_cross_entropy_with_logits(labels.held().borrow(), logits.held().borrow())
}
