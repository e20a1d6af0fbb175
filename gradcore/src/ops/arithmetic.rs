//! Sums, products and the like of tensors that broadcast against each other, as NumPy's do.

use super::apply::{product, product_over, quotient, raw_binary, raw_unary, unary};
use super::{equal, where_};
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Number, Real, Wide};
use crate::error::{Error, refuse};
use crate::kernels::elementwise::{self, kept};
use crate::tensor::{Role, Tensor};

/// x + y; d/dx = 1, d/dy = 1.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn add<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy, dy);
    (sum(x, y), grad)
}

/// x - y; d/dx = 1, d/dy = -1.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn subtract<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy, -dy);
    (difference(x, y), grad)
}

/// x · y; d/dx = y, d/dy = x.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
#[inline]
pub(crate) fn multiply<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| (dy * y, dy * x);
    (product("multiply", x, y, T::times), grad)
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
    let grad = |dy| (dy / y, -over_square(dy, x, y));
    (quotient("divide", x, y, T::over), grad)
}

/// x / y, but 0 where y is 0, and so is the gradient there.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(crate) fn divide_no_nan<T: Real>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let zero = Tensor::scalar(T::default());
        (divide_no_nan(dy, y), where_(&equal(y, &zero), &zero, &-over_square(dy, x, y)))
    };
    (quotient("divide_no_nan", x, y, elementwise::divide_no_nan), grad)
}

/// dy x / y², without overflow on the way; d/ddy = x / y², d/dx = dy / y², d/dy = -2 dy x / y³.
#[custom_gradient(broadcast, linear, leaf)]
#[track_caller]
pub(super) fn over_square<T: Number>(dy: &Tensor<T>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let z = product_over("divide", dy, x, y, T::times_over_square);
    let grad = |g| (over_square(g, x, y), over_square(g, dy, y), g * &z / y * T::narrow(Wide::Integer(-2)));
    (z, grad)
}

/// Σ xs of one shape; the gradient goes to each.
#[custom_gradient(linear)]
pub(crate) fn add_n<T: Number>(xs: &[&Tensor<T>]) -> Tensor<T> {
    let (first, rest) = xs.split_first().expect("the caller passes at least one");
    let mut sum = buffers::copied("add_n", &first.shared_shape(), first.values());
    rest.iter().for_each(|x| elementwise::add_assign(&mut sum, x.values()));
    let role = rest.iter().fold(first.role(), |role, x| role.of_sum(x.role()));
    let count = xs.len();
    (Tensor::computed(first.shared_shape(), sum).with_role(role), |dy| vec![dy; count])
}

/// -x; d/dx = -1.
#[custom_gradient(linear, leaf)]
#[inline]
pub(crate) fn negative<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    (opposite(x), |dy| -dy)
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
    (unary("sign", x, T::sign), |dy: &Tensor<T>| Tensor::nothing("sign", dy.shared_shape()))
}

/// -x, of which a zero of choice is one.
#[inline]
fn opposite<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    match x.role().has_choices() {
        true => raw_unary("negative", x, |x| kept(x, x.negated())).with_role(x.role()),
        false => raw_unary("negative", x, T::negated).with_role(x.role()),
    }
}

/// x + y, of which what is a zero of choice in both is one, and in one beside a value of 0.
#[inline]
#[track_caller]
fn sum<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let z = match (x.role(), y.role()) {
        (Role::Value, Role::Choices) => {
            raw_binary("add", x, y, |x: T, y: T| elementwise::kept_beside_value(x, y, x.plus(y)))
        }
        (Role::Choices, Role::Value) => {
            raw_binary("add", x, y, |x: T, y: T| elementwise::kept_beside_value(y, x, x.plus(y)))
        }
        _ => raw_binary("add", x, y, T::plus),
    };
    z.with_role(x.role().of_sum(y.role()))
}

/// x - y, of which what is a zero of choice in both is one, and in one beside a value of 0.
#[inline]
#[track_caller]
fn difference<T: Number>(x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let z = match (x.role(), y.role()) {
        (Role::Choices, Role::Choices) => raw_binary("subtract", x, y, |x: T, y: T| x.plus(kept(y, y.negated()))),
        (Role::Value, Role::Choices) => {
            raw_binary("subtract", x, y, |x: T, y: T| elementwise::kept_beside_value(x, y, x.minus(y)))
        }
        (Role::Choices, Role::Value) => {
            raw_binary("subtract", x, y, |x: T, y: T| elementwise::kept_beside_value(y, x, x.minus(y)))
        }
        _ => raw_binary("subtract", x, y, T::minus),
    };
    z.with_role(x.role().of_sum(y.role()))
}
