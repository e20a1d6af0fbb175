//! One of two, element by element.

use super::apply::{binary, raw_ternary};
use super::{broadcast_to, greater_equal, less_equal};
use crate::custom_gradient;
use crate::element::Number;
use crate::error::{Error, refuse};
use crate::kernels::elementwise;
use crate::shape::Shape;
use crate::tensor::{Role, Tensor};

/// x where the condition holds, else y; the gradient goes to what was chosen.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn where_<T: Number>(condition: &Tensor<bool>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        (where_(condition, dy, &zero), where_(condition, &zero, dy))
    };
    (choice(condition, x, y), grad)
}

/// One of two. Of a gradient and a value, the zeros of the value are zeros of choice.
#[track_caller]
fn choice<T: Number>(condition: &Tensor<bool>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let (of_x, of_y) = (x.role(), y.role());
    if of_x == of_y {
        return raw_ternary("where_", condition, x, y, elementwise::select).with_role(of_x);
    }
    let z = match (of_x, of_y) {
        (Role::Gradient, Role::Value) => chosen(condition, x, y, T::without_choice, T::or_no_choice),
        (Role::Value, Role::Gradient) => chosen(condition, x, y, T::or_no_choice, T::without_choice),
        (Role::Choices, Role::Value) => chosen(condition, x, y, |x| x, T::or_no_choice),
        (Role::Value, Role::Choices) => chosen(condition, x, y, T::or_no_choice, |y| y),
        (Role::Gradient, _) => chosen(condition, x, y, T::without_choice, |y| y),
        (_, Role::Gradient) => chosen(condition, x, y, |x| x, T::without_choice),
        (Role::Value, Role::Value) | (Role::Choices, Role::Choices) => unreachable!("the roles differ"),
    };
    z.with_role(Role::Choices)
}

#[track_caller]
fn chosen<T: Number>(
    condition: &Tensor<bool>,
    x: &Tensor<T>,
    y: &Tensor<T>,
    of_x: impl Fn(T) -> T + Sync,
    of_y: impl Fn(T) -> T + Sync,
) -> Tensor<T> {
    raw_ternary("where_", condition, x, y, |condition, x, y| elementwise::select(condition, of_x(x), of_y(y)))
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
