//! One of two, element by element.

use super::apply::{binary, common_shape, stretched};
use super::{broadcast_to, greater_equal, less_equal};
use crate::custom_gradient;
use crate::element::{Element, Number};
use crate::error::{Error, refuse};
use crate::kernels::{elementwise, loops};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// x where the condition holds, else y; the gradient goes to what was chosen.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn where_<T: Number>(condition: &Tensor<bool>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        (where_(condition, dy, &zero), where_(condition, &zero, dy))
    };
    (select(condition, x, y), grad)
}

#[track_caller]
fn select<T: Element>(condition: &Tensor<bool>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    if let (Some(condition), Some(x), Some(y)) = (condition.as_scalar(), x.as_scalar(), y.as_scalar()) {
        return Tensor::computed_scalar(if condition { x } else { y });
    }
    let shape = common_shape(
        "where_",
        &common_shape("where_", &condition.shared_shape(), &x.shared_shape()),
        &y.shared_shape(),
    );
    Tensor::overwritten("where_", shape.clone(), |out| {
        if !out.is_empty() {
            let (condition, x, y) = (stretched(condition, &shape), stretched(x, &shape), stretched(y, &shape));
            loops::map_three(condition, x, y, out, elementwise::select);
        }
    })
}

/// max(min(x, high), low); d/dx = 1 where low ≤ x ≤ high, else 0. The limits broadcast to the shape of x, and take the
/// gradient where they limit.
#[custom_gradient(broadcast, linear)]
#[track_caller]
pub(crate) fn clip_by_value<T: Number>(x: &Tensor<T>, low: &Tensor<T>, high: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        let (below, above) = (less_equal(x, high), greater_equal(&minimum(x, high), low));
        (
            where_(&above, &where_(&below, dy, &zero), &zero),
            where_(&above, &zero, dy),
            where_(&above, &where_(&below, &zero, dy), &zero),
        )
    };
    let shape = x.shared_shape();
    [low, high].into_iter().for_each(|limit| expect_limit("clip_by_value", x, limit));
    let (low, high) = (broadcast_to(low, &shape), broadcast_to(high, &shape));
    let y = binary("clip_by_value", x, &high, elementwise::minimum);
    (binary("clip_by_value", &y, &low, elementwise::maximum), grad)
}

/// Refuses a limit that does not broadcast to the shape of what it limits.
#[track_caller]
pub(super) fn expect_limit<T: Number>(operation: &'static str, x: &Tensor<T>, limit: &Tensor<T>) {
    let shape = x.shared_shape();
    if !Shape::broadcast(operation, &shape, limit.shape()).is_ok_and(|common| common == shape) {
        refuse(&Error::Broadcast { operation, left: shape.to_vec(), right: limit.shape().to_vec() });
    }
}

/// The greater of x and y; the gradient goes to the greater, to x where they are equal.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn maximum<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let (to_x, zero) = (greater_equal(x, y), Tensor::scalar(T::default()));
        (where_(&to_x, dy, &zero), where_(&to_x, &zero, dy))
    };
    (binary("maximum", x, y, elementwise::maximum), grad)
}

/// The lesser of x and y; the gradient goes to the lesser, to x where they are equal.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn minimum<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let (to_x, zero) = (less_equal(x, y), Tensor::scalar(T::default()));
        (where_(&to_x, dy, &zero), where_(&to_x, &zero, dy))
    };
    (binary("minimum", x, y, elementwise::minimum), grad)
}
