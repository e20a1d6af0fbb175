//! Comparisons element by element: they give `bool`, through which no gradient flows.

use super::apply::binary;
use crate::custom_gradient;
use crate::element::Element;
use crate::kernels::elementwise;
use crate::tensor::Tensor;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        #[custom_gradient]
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
