//! Sums, means, products, maxima and minima along axes. Axes are increasing indices; all of them if none are named.

use super::apply::{reduced, summed};
use super::parts::resized;
use super::{broadcast_to, cast, equal, not_equal, reshape, slice, where_};
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Element, Number, Wide};
use crate::error::or_refuse;
use crate::kernels::reduce;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Σ x, for an operation that has a gradient of its own.
#[track_caller]
pub(super) fn sum<T: Number>(operation: &'static str, x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    summed(operation, x, axes, Shape::reduced(x.shape(), axes, keepdims))
}

/// Σ x; d/dx = 1.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn reduce_sum<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let (of_x, with_axes) = (x.shared_shape(), Shape::reduced(x.shape(), axes, true));
    (sum("reduce_sum", x, axes, keepdims), |dy| broadcast_to(&reshape(dy, &with_axes), &of_x))
}

/// Σ x / n; d/dx = 1 / n. Integers are summed as `i64`, and the quotient is truncated.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn reduce_mean<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let count = axes.iter().map(|&axis| x.shape()[axis]).product::<usize>();
    let count = i64::try_from(count).expect("a tensor has fewer than 2^63 elements");
    let y = match T::REAL {
        true => sum("reduce_mean", x, axes, keepdims) / T::narrow(Wide::Integer(count)),
        false => cast(&(sum("reduce_mean", &cast::<T, i64>(x), axes, keepdims) / count.max(1))),
    };
    let (of_x, with_axes) = (x.shared_shape(), Shape::reduced(x.shape(), axes, true));
    (y, |dy| broadcast_to(&reshape(&(dy / T::narrow(Wide::Integer(count))), &with_axes), &of_x))
}

/// max x; the gradient goes to the greatest element, in equal parts where several are.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn reduce_max<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let y = reduced("reduce_max", x, axes, Shape::reduced(x.shape(), axes, keepdims), reduce::max);
    (y, |dy| shared_out(dy, x, &y, axes))
}

/// min x; the gradient goes to the least element, in equal parts where several are.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn reduce_min<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let y = reduced("reduce_min", x, axes, Shape::reduced(x.shape(), axes, keepdims), reduce::min);
    (y, |dy| shared_out(dy, x, &y, axes))
}

/// dy in equal parts for the elements of x that are y; NaN where y is NaN.
fn shared_out<T: Number>(dy: &Tensor<T>, x: &Tensor<T>, y: &Tensor<T>, axes: &[usize]) -> Tensor<T> {
    let with_axes = Shape::reduced(x.shape(), axes, true);
    let (y, zero) = (reshape(y, &with_axes), Tensor::scalar(T::default()));
    let chosen = equal(x, &y);
    let share = where_(&chosen, &Tensor::scalar(T::ONE), &zero);
    let share = &share / reduce_sum(&share, axes, true);
    where_(&(chosen | not_equal(&y, &y)), &(reshape(dy, &with_axes) * share), &zero)
}

/// Π x. The gradient of an element is the product of all others, also where some of them are 0, and at every order:
/// there is no division, but half of the elements are multiplied by the other half until one is left.
#[track_caller]
pub(crate) fn reduce_prod<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let product = axes.iter().fold(x.clone(), |product, &axis| product_along(&product, axis));
    reshape(&product, &Shape::reduced(x.shape(), axes, keepdims))
}

/// The product along one axis, which keeps size 1.
#[track_caller]
fn product_along<T: Number>(x: &Tensor<T>, axis: usize) -> Tensor<T> {
    let part = |first: usize, size: usize| {
        let begin: Vec<usize> = (0..x.rank()).map(|k| if k == axis { first } else { 0 }).collect();
        slice(x, &begin, &resized("reduce_prod", x.shape(), axis, size))
    };
    let (size, half) = (x.shape()[axis], x.shape()[axis] / 2);
    match size {
        // 1, which depends on x all the same.
        0 => {
            let shape = Shape::reduced(x.shape(), &[axis], true);
            or_refuse(buffers::expect_room::<T>("reduce_prod", &shape));
            reduce_sum(x, &[axis], true) + T::ONE
        }
        1 => x.clone(),
        _ => {
            let product = product_along(&(part(0, half) * part(half, half)), axis);
            if size % 2 == 0 { product } else { product * part(size - 1, 1) }
        }
    }
}

/// The place of the first greatest element along an axis. No gradient flows.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn argmax<T: Element>(x: &Tensor<T>, axis: usize) -> Tensor<i64> {
    let shape = Shape::reduced(x.shape(), &[axis], false);
    let y = Tensor::overwritten("argmax", shape, |out| reduce::argmax(x.values(), x.shape(), axis, out));
    (y, |_| None)
}
