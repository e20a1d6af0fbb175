//! From one dtype to another.

use super::apply::unary;
use crate::custom_gradient;
use crate::element::Element;
use crate::kernels::elementwise;
use crate::tensor::Tensor;

/// x in another dtype, truncated towards zero for integers; the gradient is cast back.
#[custom_gradient(linear, leaf)]
pub(crate) fn cast<T: Element, U: Element>(x: &Tensor<T>) -> Tensor<U> {
    (unary("cast", x, elementwise::cast::<T, U>).with_role(x.role()), |dy| cast::<U, T>(dy))
}
