//! Comparisons element by element: they give `bool`, through which no gradient flows.

use super::apply::{binary, unary};
use crate::custom_gradient;
use crate::element::Element;
use crate::tensor::Tensor;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $operator:tt)+) => { $(
        $(#[$doc])*
        #[custom_gradient(linear, leaf)]
        #[track_caller]
        pub(crate) fn $name<T: Element>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<bool> {
            (binary(stringify!($name), x, y, |x, y| x $operator y), |_| (None, None))
        }
    )+ };
}
comparisons! {
    /// x < y
    less <
    /// x ≤ y
    less_equal <=
    /// x > y
    greater >
    /// x ≥ y
    greater_equal >=
    /// x = y
    equal ==
    /// x ≠ y
    not_equal !=
}

// What follows is no rule: no gradient reaches a `bool`.

/// Both.
#[track_caller]
pub(crate) fn logical_and(x: &Tensor<bool>, y: &Tensor<bool>) -> Tensor<bool> {
    binary("logical_and", x, y, |x, y| x & y)
}

/// Either, or both.
#[track_caller]
pub(crate) fn logical_or(x: &Tensor<bool>, y: &Tensor<bool>) -> Tensor<bool> {
    binary("logical_or", x, y, |x, y| x | y)
}

/// The opposite.
pub(crate) fn logical_not(x: &Tensor<bool>) -> Tensor<bool> {
    unary("logical_not", x, |x: bool| !x)
}
