//! Sums, products and the like of tensors that broadcast against each other, as NumPy's do.

use super::apply::{binary, unary};
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Number, Real};
use crate::error::{Error, refuse};
use crate::kernels::elementwise;
use crate::tensor::Tensor;

/// x + y; d/dx = 1, d/dy = 1.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn add<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy, dy);
    (binary("add", x, y, T::plus), grad)
}

/// x - y; d/dx = 1, d/dy = -1.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn subtract<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy, -dy);
    (binary("subtract", x, y, T::minus), grad)
}

/// x · y; d/dx = y, d/dy = x.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn multiply<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy * y, dy * x);
    (binary("multiply", x, y, T::times), grad)
}

/// x / y; d/dx = 1 / y, d/dy = -x / y².
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn divide<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    if !T::REAL && y.values().contains(&T::default()) {
        refuse(&Error::Argument {
            operation: "divide",
            expected: "`y` without zeros, for integers have no infinity".into(),
            found: "a 0".into(),
        });
    }
    let grad = |dy| (dy / y, -dy * x / y / y);
    (binary("divide", x, y, T::over), grad)
}

/// x / y, but 0 where y is 0, and so is the gradient there.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn divide_no_nan<T: Real>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let slope = divide_no_nan(&divide_no_nan(&-x, y), y);
        (divide_no_nan(dy, y), dy * slope)
    };
    (binary("divide_no_nan", x, y, elementwise::divide_no_nan), grad)
}

/// Σ xs of one shape; the gradient goes to each.
#[custom_gradient(linear)]
pub(crate) fn add_n<T: Number>(xs: &[&Tensor<T>]) -> Tensor<T> {
    let (first, rest) = xs.split_first().expect("the caller passes at least one");
    let mut sum = buffers::copied("add_n", &first.shared_shape(), first.values());
    rest.iter().for_each(|x| elementwise::add_assign(&mut sum, x.values()));
    let count = xs.len();
    (Tensor::computed(first.shared_shape(), sum), |dy| vec![dy; count])
}

/// -x; d/dx = -1.
#[custom_gradient(linear, leaf)]
#[inline]
pub(crate) fn negative<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    (unary("negative", x, T::negated), |dy| -dy)
}

/// x²; d/dx = 2x.
#[custom_gradient(linear, leaf)]
pub(crate) fn square<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    (unary("square", x, |x| x.times(x)), |dy| dy * (x + x))
}

/// |x|; d/dx = sign(x), 0 at 0.
#[custom_gradient(linear, leaf)]
pub(crate) fn abs<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    (unary("abs", x, T::absolute), |dy| dy * sign(x))
}

/// -1, 0 or 1; its derivative is 0.
#[custom_gradient(linear, leaf)]
pub(crate) fn sign<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    (unary("sign", x, T::sign), |dy: &Tensor<T>| Tensor::zeros("sign", dy.shared_shape()))
}
