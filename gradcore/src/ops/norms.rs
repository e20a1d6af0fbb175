//! Lengths of vectors, and limits to them.

use super::reduction::sum;
use super::selection::expect_limit;
use super::{divide_no_nan, maximum, reshape, sqrt, square};
use crate::custom_gradient;
use crate::element::Real;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// √Σ x²; d/dx = x / √Σ x², and 0 where all of x is 0 (TensorFlow: NaN).
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn norm<T: Real>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let y = sqrt(&sum("norm", &square(x), axes, keepdims));
    let grad = |dy| {
        let with_axes = Shape::reduced(x.shape(), axes, true);
        reshape(dy, &with_axes) * divide_no_nan(x, &norm(x, axes, true))
    };
    (y, grad)
}

/// x, scaled so that its length along the axes is at most `limit`: x · limit / max(‖x‖, limit).
/// The limit broadcasts to the shape of x.
#[track_caller]
pub(crate) fn clip_by_norm<T: Real>(x: &Tensor<T>, limit: &Tensor<T>, axes: &[usize]) -> Tensor<T> {
    expect_limit("clip_by_norm", x, limit);
    let limit = maximum(limit, &Tensor::scalar(T::default()));
    x * &limit / maximum(&norm(x, axes, true), &limit)
}
