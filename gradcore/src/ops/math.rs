//! Functions of one real number, element by element.

use super::apply::unary;
use super::{equal, greater, logical_not, square, where_};
use crate::custom_gradient;
use crate::element::Real;
use crate::kernels::elementwise;
use crate::tensor::Tensor;

/// eˣ; d/dx = eˣ.
#[custom_gradient]
pub(crate) fn exp<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary(x, elementwise::exp);
    (y, |dy| dy * y)
}

/// ln x; d/dx = 1 / x.
#[custom_gradient]
pub(crate) fn log<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary(x, elementwise::log), |dy| dy / x)
}

/// ln(1 + x), exact near 0; d/dx = 1 / (1 + x).
#[custom_gradient]
pub(crate) fn log1p<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary(x, elementwise::log1p), |dy| dy / (x + T::ONE))
}

/// √x; d/dx = 1 / (2√x), infinite at 0. Where nothing flows back to 0 or below, nothing is given.
#[custom_gradient]
pub(crate) fn sqrt<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary(x, elementwise::sqrt);
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        let nothing = equal(dy, &zero) & logical_not(&greater(&y, &zero));
        where_(&nothing, &zero, &(dy / (&y + &y)))
    };
    (y, grad)
}

/// tanh x; d/dx = 1 - tanh² x.
#[custom_gradient]
pub(crate) fn tanh<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary(x, elementwise::tanh);
    (y, |dy| dy * (Tensor::scalar(T::ONE) - square(&y)))
}

/// σ(x) = 1 / (1 + e⁻ˣ); d/dx = σ(x) (1 - σ(x)).
#[custom_gradient]
pub(crate) fn sigmoid<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary(x, elementwise::sigmoid);
    (y, |dy| dy * &y * (Tensor::scalar(T::ONE) - &y))
}

/// The nearest integer, ties to even. No gradient flows.
#[custom_gradient]
pub(crate) fn round<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary(x, elementwise::round), |_| None)
}
