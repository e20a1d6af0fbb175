//! Lengths of vectors, and limits to them.

use super::reduction::sum;
use super::selection::expect_limit;
use super::{
    abs, divide_no_nan, equal, greater, less, maximum, reduce_max, reduce_sum, relu, reshape, sqrt, square, where_,
};
use crate::custom_gradient;
use crate::element::Real;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// √Σ x²; d/dx = x / √Σ x², and 0 where all of x is 0 (TensorFlow: NaN).
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn norm<T: Real>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let with_axes = Shape::reduced(x.shape(), axes, true);
    (length(x, axes, keepdims), |dy| norm_gradient(&reshape(dy, &with_axes), x, axes))
}

/// dy x / ‖x‖, of a dy that has the axes, and 0 where all of x is 0, where it has no derivative. With u = x / ‖x‖,
/// d/ddy: Σ g u, d/dx: (g - u Σ g u) dy / ‖x‖.
#[custom_gradient(linear)]
#[track_caller]
fn norm_gradient<T: Real>(dy: &Tensor<T>, x: &Tensor<T>, axes: &[usize]) -> Tensor<T> {
    let grad = |g| {
        let length = norm(x, axes, true);
        let unit = divide_no_nan(x, &length);
        let along = reduce_sum(&(g * &unit), axes, true);
        let across = g - &along * unit;
        (along, across * (dy / length))
    };
    (dy * divide_no_nan(x, &length(x, axes, true)), grad)
}

/// √Σ x², also of elements whose squares overflow or underflow.
#[track_caller]
fn length<T: Real>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let y = sqrt(&sum("norm", &square(x), axes, keepdims));
    let is_exact = |y: &T| y.is_finite() && *y * *y * T::EPSILON >= T::MIN_POSITIVE;
    if y.values().iter().all(is_exact) {
        return y;
    }
    let largest = reduce_max(&abs(x), axes, true);
    let y = sqrt(&sum("norm", &square(&divide_no_nan(x, &largest)), axes, keepdims));
    // The greatest of nothing is -∞. What is 0, infinite or no number is so already.
    let largest = relu(&reshape(&largest, &y.shared_shape()));
    let has_more = greater(&largest, &Tensor::scalar(T::default())) & less(&largest, &Tensor::scalar(T::HIGHEST));
    where_(&has_more, &(y * &largest), &largest)
}

/// x, scaled so that its length along the axes is at most `limit`: x · limit / max(‖x‖, limit).
/// The limit broadcasts to the shape of x.
#[track_caller]
pub(crate) fn clip_by_norm<T: Real>(x: &Tensor<T>, limit: &Tensor<T>, axes: &[usize]) -> Tensor<T> {
    expect_limit("clip_by_norm", x, limit);
    let limit = maximum(limit, &Tensor::scalar(T::default()));
    x * within(&norm(x, axes, true), &limit)
}

/// By what vectors of this length are multiplied, so that they are no longer than the limit: limit / max(length, limit), and 1
/// where that is the limit, however large.
pub(crate) fn within<T: Real>(length: &Tensor<T>, limit: &Tensor<T>) -> Tensor<T> {
    let bound = maximum(length, limit);
    where_(&equal(&bound, limit), &Tensor::scalar(T::ONE), &(limit / &bound))
}
