//! Functions of one real number, element by element.

use super::apply::{binary, of_angles, unary};
use super::{equal, greater, logical_not, square, where_};
use crate::custom_gradient;
use crate::element::Real;
use crate::tensor::Tensor;

/// eˣ; d/dx = eˣ.
#[custom_gradient(linear, leaf)]
pub(crate) fn exp<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("exp", x, T::exp);
    (y, |dy| dy * y)
}

/// ln x; d/dx = 1 / x.
#[custom_gradient(linear, leaf)]
pub(crate) fn log<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("log", x, T::ln), |dy| dy / x)
}

/// ln(1 + x), exact near 0; d/dx = 1 / (1 + x).
#[custom_gradient(linear, leaf)]
pub(crate) fn log1p<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("log1p", x, T::ln_1p), |dy| dy / (x + T::ONE))
}

/// √x; d/dx = 1 / (2√x), infinite at 0. Where nothing flows back to 0 or below, nothing is given.
#[custom_gradient(linear, leaf)]
pub(crate) fn sqrt<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("sqrt", x, T::sqrt);
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        let nothing = equal(dy, &zero) & logical_not(&greater(&y, &zero));
        where_(&nothing, &zero, &(dy / (&y + &y)))
    };
    (y, grad)
}

/// tanh x; d/dx = 1 - tanh² x.
#[custom_gradient(linear, leaf)]
pub(crate) fn tanh<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("tanh", x, T::tanh);
    (y, |dy| tanh_gradient(dy, &y))
}

/// dy (1 - y²) in one pass; d/ddy = 1 - y², d/dy = -2 y dy.
#[custom_gradient(linear, leaf)]
fn tanh_gradient<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |ddx| (tanh_gradient(ddx, y), ddx * dy * y * T::of(-2.0));
    (binary("tanh", dy, y, |dy, y| dy * (T::ONE - y * y)), grad)
}

/// σ(x) = 1 / (1 + e⁻ˣ); d/dx = σ(x) (1 - σ(x)).
#[custom_gradient(linear, leaf)]
pub(crate) fn sigmoid<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("sigmoid", x, T::sigmoid);
    (y, |dy| sigmoid_gradient(dy, &y))
}

/// dy y (1 - y) in one pass; d/ddy = y (1 - y), d/dy = dy (1 - 2 y).
#[custom_gradient(linear, leaf)]
fn sigmoid_gradient<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |ddx| (sigmoid_gradient(ddx, y), ddx * dy * (y * T::of(-2.0) + T::ONE));
    (binary("sigmoid", dy, y, |dy, y| dy * y * (T::ONE - y)), grad)
}

/// sin x, in radians; d/dx = cos x.
#[custom_gradient(linear, leaf)]
pub(crate) fn sin<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (of_angles("sin", x, T::near_sin, T::sin), |dy| dy * cos(x))
}

/// cos x, in radians; d/dx = -sin x.
#[custom_gradient(linear, leaf)]
pub(crate) fn cos<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (of_angles("cos", x, T::near_cos, T::cos), |dy| -dy * sin(x))
}

/// tan x, in radians; d/dx = 1 + tan² x.
#[custom_gradient(linear, leaf)]
pub(crate) fn tan<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = of_angles("tan", x, T::near_tan, T::tan);
    (y, |dy| dy * (square(&y) + T::ONE))
}

/// xʸ; d/dx = y xʸ⁻¹, d/dy = xʸ ln x where x > 0, else 0.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn pow<T: Real>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let z = binary("pow", x, y, T::powf);
    let grad = |dy| {
        let (zero, one) = (Tensor::scalar(T::default()), Tensor::scalar(T::ONE));
        let positive = greater(x, &zero);
        // Where x is not positive the logarithm is not taken, so that its own gradient is no NaN.
        let log_x = where_(&positive, &log(&where_(&positive, x, &one)), &zero);
        (dy * y * pow(x, &(y - &one)), dy * &z * log_x)
    };
    (z, grad)
}

/// The nearest integer, ties to even. No gradient flows.
#[custom_gradient(linear, leaf)]
pub(crate) fn round<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("round", x, T::round_ties_even), |_| None)
}

/// The greatest integer that is not above. No gradient flows.
#[custom_gradient(linear, leaf)]
pub(crate) fn floor<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("floor", x, T::floor), |_| None)
}

/// The least integer that is not below. No gradient flows.
#[custom_gradient(linear, leaf)]
pub(crate) fn ceil<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("ceil", x, T::ceil), |_| None)
}
