//! Sums, means and maxima along axes. Axes are increasing indices; all of them if none are named.

use super::{broadcast_to, cast, equal, reshape, where_};
use crate::custom_gradient;
use crate::element::{Element, Number, Wide};
use crate::kernels::reduce;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Σ x; d/dx = 1.
#[custom_gradient]
pub(crate) fn reduce_sum<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let (of_x, kept) = (x.shared_shape(), Shape::reduced(x.shape(), axes, true));
    let y = Tensor::computed(Shape::reduced(x.shape(), axes, keepdims), reduce::sum(x.values(), x.shape(), axes));
    (y, |dy| broadcast_to(&reshape(dy, &kept), &of_x))
}

/// Σ x / n; d/dx = 1 / n. Integers are summed as `i64`, and the quotient is truncated.
#[custom_gradient]
pub(crate) fn reduce_mean<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let count = axes.iter().map(|&axis| x.shape()[axis]).product::<usize>();
    let count = i64::try_from(count).expect("a tensor has fewer than 2^63 elements");
    let y = match T::REAL {
        true => reduce_sum(x, axes, keepdims) / T::narrow(Wide::Integer(count)),
        false => cast(&(reduce_sum(&cast::<T, i64>(x), axes, keepdims) / count.max(1))),
    };
    let (of_x, kept) = (x.shared_shape(), Shape::reduced(x.shape(), axes, true));
    (y, |dy| broadcast_to(&reshape(&(dy / T::narrow(Wide::Integer(count))), &kept), &of_x))
}

/// max x; the gradient goes to the greatest element, in equal parts where several are.
#[custom_gradient]
pub(crate) fn reduce_max<T: Number>(x: &Tensor<T>, axes: &[usize], keepdims: bool) -> Tensor<T> {
    let y = Tensor::computed(Shape::reduced(x.shape(), axes, keepdims), reduce::max(x.values(), x.shape(), axes));
    let grad = |dy| {
        let kept = Shape::reduced(x.shape(), axes, true);
        let is_max = equal(x, &reshape(&y, &kept));
        let share = where_(&is_max, &Tensor::scalar(T::ONE), &Tensor::scalar(T::default()));
        let share = &share / reduce_sum(&share, axes, true);
        share * reshape(dy, &kept)
    };
    (y, grad)
}

/// The place of the first greatest element along an axis. No gradient flows.
#[custom_gradient]
pub(crate) fn argmax<T: Element>(x: &Tensor<T>, axis: usize) -> Tensor<i64> {
    let y = Tensor::computed(Shape::reduced(x.shape(), &[axis], false), reduce::argmax(x.values(), x.shape(), axis));
    (y, |_| None)
}
