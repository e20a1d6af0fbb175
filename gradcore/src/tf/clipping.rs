//! Lengths, and gradients limited to one.

use std::borrow::Borrow;

use super::lists::all_held;
use super::options::Axes;
use crate::element::Real;
use crate::error::{Error, refuse};
use crate::ops;
use crate::tensor::{Operand, Tensor};

/// √Σ x² along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. The gradient at 0 is 0; TensorFlow's is
/// NaN.
///
/// # Panics
/// Panics if an axis is out of range or named twice.
#[track_caller]
#[must_use]
pub fn norm<T: Real>(x: impl Operand<T>, axes: impl Into<Axes>) -> Tensor<T> {
    let (x, axes) = (x.held(), axes.into());
    ops::norm(x.borrow(), &axes.all_of("norm", x.borrow().shape()), axes.keepdims)
}

/// x, scaled so that its length along axes is at most `clip_norm`: `..` for all axes, or `axis(1)`. A negative limit is
/// 0.
///
/// # Panics
/// Panics if an axis is out of range or named twice, or the limit does not broadcast to the shape of x.
#[track_caller]
#[must_use]
pub fn clip_by_norm<T: Real>(x: impl Operand<T>, clip_norm: impl Operand<T>, axes: impl Into<Axes>) -> Tensor<T> {
    let (x, axes) = (x.held(), axes.into());
    let axes = axes.all_of("clip_by_norm", x.borrow().shape());
    ops::clip_by_norm(x.borrow(), clip_norm.held().borrow(), &axes)
}

/// The length of several tensors taken as one vector: √Σ ‖x‖².
///
/// # Panics
/// Panics if there are none.
#[track_caller]
#[must_use]
pub fn global_norm<T: Real, X: Operand<T>>(tensors: impl IntoIterator<Item = X>) -> Tensor<T> {
    let lengths = all_held("global_norm", tensors).into_iter().map(|x| norm(x, ..));
    norm(super::stack(lengths, 0), ..)
}

/// Several tensors, scaled alike so that their [`global_norm`] is at most `clip_norm`, and that norm before it. If it is
/// not finite, every element is NaN, so that a step that went wrong is seen.
///
/// # Panics
/// Panics if there are none, or `clip_norm` is no scalar.
#[track_caller]
#[must_use]
pub fn clip_by_global_norm<T: Real, X: Operand<T>>(
    tensors: impl IntoIterator<Item = X>,
    clip_norm: impl Operand<T>,
) -> (Vec<Tensor<T>>, Tensor<T>) {
    let tensors = all_held("clip_by_global_norm", tensors);
    let (limit, length) = (clip_norm.held(), global_norm(&tensors));
    let limit: &Tensor<T> = limit.borrow();
    if limit.rank() != 0 {
        refuse(&Error::Argument {
            operation: "clip_by_global_norm",
            expected: "`clip_norm` to be a scalar".into(),
            found: format!("shape {:?}", limit.shape()),
        });
    }
    // Nothing is added if the length is finite; if not, 0 · ∞ is NaN.
    let scale = ops::within(&length, limit) + &length * T::default();
    (tensors.iter().map(|x| x * &scale).collect(), length)
}
