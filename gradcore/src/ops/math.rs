//! Functions of one real number, element by element.

use super::apply::{binary, of_angles, product, product_over, ternary, unary};
use super::arithmetic::over_square;
use super::{greater, square, where_};
use crate::custom_gradient;
use crate::element::Real;
use crate::kernels::elementwise;
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
    (y, |dy| sqrt_gradient(dy, &y))
}

/// dy / (2 y), and 0 where dy is 0 and y no positive number; d/ddy = 1 / (2 y), d/dy = -dy / (2 y²). Where 0 / 0 has been taken
/// for 0, it has no derivative: that of √s · √s at 0 is 1.
#[custom_gradient(linear, leaf)]
fn sqrt_gradient<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |g| (of_root(g, dy, &(y + y)), over_square(g, dy, y) * T::of(-0.5));
    let z = |dy: T, y: T| if (dy == T::default()) & !(y > T::default()) { dy } else { dy / (y + y) };
    (product("sqrt", dy, y, z), grad)
}

/// g / y, and NaN where dy / y is 0 / 0; d/dg = 1 / y, d/dy = -g / y².
#[custom_gradient(linear, leaf)]
fn of_root<T: Real>(g: &Tensor<T>, dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |h| (of_root(h, dy, y), None, -over_square(h, g, y));
    (product_over("sqrt", g, dy, y, elementwise::over_unless_indefinite), grad)
}

/// tanh x; d/dx = 1 - tanh² x.
#[custom_gradient(linear, leaf)]
pub(crate) fn tanh<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("tanh", x, T::tanh), |dy| tanh_gradient(dy, x))
}

/// dy (1 - tanh² x) in one pass, exact in the tails, where tanh x is 1; d/ddy = 1 - tanh² x, d/dx = -2 tanh x (1 - tanh² x) dy.
#[custom_gradient(linear, leaf)]
fn tanh_gradient<T: Real>(dy: &Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    let grad = |g| (tanh_gradient(g, x), tanh_gradient(&(g * dy), x) * tanh(x) * T::of(-2.0));
    (product("tanh", dy, x, |dy, x: T| dy * T::of(4.0) * (x + x).slope_of_sigmoid()), grad)
}

/// σ(x) = 1 / (1 + e⁻ˣ); d/dx = σ(x) (1 - σ(x)).
#[custom_gradient(linear, leaf)]
pub(crate) fn sigmoid<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("sigmoid", x, T::sigmoid), |dy| sigmoid_gradient(dy, x))
}

/// dy σ(x) σ(-x) in one pass, exact in the tails, where σ(x) is 1; d/ddy = σ(x) σ(-x), d/dx = -tanh(x / 2) σ(x) σ(-x) dy.
#[custom_gradient(linear, leaf)]
pub(super) fn sigmoid_gradient<T: Real>(dy: &Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    let grad = |g| (sigmoid_gradient(g, x), -sigmoid_gradient(&(g * dy), x) * tanh(&(x * T::of(0.5))));
    (product("sigmoid", dy, x, |dy, x: T| dy * x.slope_of_sigmoid()), grad)
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
        (dy * term(y, x, &(y - &one)), where_(&positive, &(dy * &z * log(x)), &zero))
    };
    (z, grad)
}

/// c xᵖ, and 0 where c is 0, whatever the power: the slope of a power whose exponent is counted down to 0. d/dc = xᵖ,
/// d/dx = c p xᵖ⁻¹, d/dp = c xᵖ ln x where x > 0, else 0.
#[custom_gradient(broadcast, linear, leaf)]
fn term<T: Real>(c: &Tensor<T>, x: &Tensor<T>, p: &Tensor<T>) -> Tensor<T> {
    let z = ternary("pow", c, x, p, |c, x, p: T| if c == T::default() { c } else { c * x.powf(p) });
    let grad = |dy| {
        let (zero, one) = (Tensor::scalar(T::default()), Tensor::scalar(T::ONE));
        let of_p = where_(&greater(x, &zero), &(dy * &z * log(x)), &zero);
        (dy * pow(x, p), dy * term(&(c * p), x, &(p - &one)), of_p)
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
