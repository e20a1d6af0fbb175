//! From one dtype to another.

use super::apply::raw_unary;
use crate::custom_gradient;
use crate::element::Element;
use crate::kernels::elementwise;
use crate::tensor::Tensor;

/// x in another dtype, truncated towards zero for integers; the gradient is cast back.
#[custom_gradient(linear, leaf)]
pub(crate) fn cast<T: Element, U: Element>(x: &Tensor<T>) -> Tensor<U> {
    let y = match x.role().has_choices() {
        true => raw_unary("cast", x, |x: T| match x.is_no_choice() {
            true => U::NO_CHOICE,
            false => elementwise::cast::<T, U>(x).without_choice(),
        }),
        false => raw_unary("cast", x, elementwise::cast::<T, U>),
    };
    (y.with_role(x.role()), |dy| cast::<U, T>(dy))
}
