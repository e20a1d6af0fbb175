//! Comparisons element by element: they give `bool`, through which no gradient flows.

use super::apply::{binary, unary};
use crate::custom_gradient;
use crate::element::Element;
use crate::kernels::elementwise;
use crate::tensor::Tensor;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        #[custom_gradient(linear)]
        #[track_caller]
        pub(crate) fn $name<T: Element>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<bool> {
            (binary(stringify!($name), x, y, elementwise::$name), |_| (None, None))
        }
    )+ };
}
comparisons! {
    /// x < y
    less
    /// x ≤ y
    less_equal
    /// x > y
    greater
    /// x ≥ y
    greater_equal
    /// x = y
    equal
    /// x ≠ y
    not_equal
}

// What follows is no rule: no gradient reaches a `bool`.

/// Both.
#[track_caller]
pub(crate) fn logical_and(x: &Tensor<bool>, y: &Tensor<bool>) -> Tensor<bool> {
    binary("logical_and", x, y, elementwise::logical_and)
}

/// Either, or both.
#[track_caller]
pub(crate) fn logical_or(x: &Tensor<bool>, y: &Tensor<bool>) -> Tensor<bool> {
    binary("logical_or", x, y, elementwise::logical_or)
}

/// The opposite.
pub(crate) fn logical_not(x: &Tensor<bool>) -> Tensor<bool> {
    unary("logical_not", x, elementwise::logical_not)
}
