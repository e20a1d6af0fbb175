//! One output element for each input element. All slices have the same length.

use std::hint::select_unpredictable;

use crate::element::{Element, Number, Real};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident<$bound:ident>($x:ident) -> $out:ty { $value:expr })+) => { $(
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name<T: $bound>(x: &[T], out: &mut [$out]) {
            for (out, &$x) in out.iter_mut().zip(x) {
                *out = $value;
            }
        }
    )+ };
}
unary! {
    neg<Number>(x) -> T { x.negated() }
    abs<Number>(x) -> T { x.absolute() }
    sign<Number>(x) -> T { x.sign() }
    square<Number>(x) -> T { x.times(x) }
    exp<Real>(x) -> T { x.exp() }
    log<Real>(x) -> T { x.ln() }
    log1p<Real>(x) -> T { x.ln_1p() }
    sqrt<Real>(x) -> T { x.sqrt() }
    tanh<Real>(x) -> T { x.tanh() }
    sin<Real>(x) -> T { x.sin() }
    cos<Real>(x) -> T { x.cos() }
    tan<Real>(x) -> T { x.tan() }
    round<Real>(x) -> T { x.round_ties_even() }
    floor<Real>(x) -> T { x.floor() }
    ceil<Real>(x) -> T { x.ceil() }
    /// 1 / (1 + e⁻ˣ), computed from the side where the power does not overflow.
    sigmoid<Real>(x) -> T { sigmoid_of(x) }
    /// max(x, 0); NaN stays NaN.
    relu<Number>(x) -> T { if x < T::default() { T::default() } else { x } }
    /// eˣ - 1 below 0, x above.
    elu<Real>(x) -> T { if x < T::default() { x.exp_m1() } else { x } }
    /// ln(1 + eˣ) = max(x, 0) + ln(1 + e⁻ˡˣˡ), where no power overflows; NaN stays NaN.
    softplus<Real>(x) -> T { (if x < T::default() { T::default() } else { x }) + (-x.absolute()).exp().ln_1p() }
}

#[inline]
fn sigmoid_of<T: Real>(x: T) -> T {
    let e = (-x.absolute()).exp();
    (if x < T::default() { e } else { T::ONE }) / (T::ONE + e)
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident<$bound:ident>($x:ident, $y:ident) -> $out:ty { $value:expr })+) => { $(
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name<T: $bound>(x: &[T], y: &[T], out: &mut [$out]) {
            for (out, (&$x, &$y)) in out.iter_mut().zip(x.iter().zip(y)) {
                *out = $value;
            }
        }
    )+ };
}
binary! {
    add<Number>(x, y) -> T { x.plus(y) }
    sub<Number>(x, y) -> T { x.minus(y) }
    mul<Number>(x, y) -> T { x.times(y) }
    div<Number>(x, y) -> T { x.over(y) }
    /// x / y, but 0 where y is 0.
    divide_no_nan<Real>(x, y) -> T { if y == T::default() { y } else { x / y } }
    pow<Real>(x, y) -> T { x.powf(y) }
    /// The greater element; NaN if either is (TensorFlow's `maximum`).
    #[allow(clippy::eq_op, reason = "a NaN differs from itself")]
    maximum<Number>(x, y) -> T { if x >= y || x != x { x } else { y } }
    /// The lesser element; NaN if either is (TensorFlow's `minimum`).
    #[allow(clippy::eq_op, reason = "a NaN differs from itself")]
    minimum<Number>(x, y) -> T { if x <= y || x != x { x } else { y } }
    /// x where y > 0, else 0.
    where_positive<Number>(x, y) -> T { if y > T::default() { x } else { T::default() } }
    less<Element>(x, y) -> bool { x < y }
    less_equal<Element>(x, y) -> bool { x <= y }
    greater<Element>(x, y) -> bool { x > y }
    greater_equal<Element>(x, y) -> bool { x >= y }
    equal<Element>(x, y) -> bool { x == y }
    not_equal<Element>(x, y) -> bool { x != y }
}

macro_rules! logical {
    ($($name:ident($x:ident, $y:ident) { $value:expr })+) => { $(
        pub(crate) fn $name(x: &[bool], y: &[bool], out: &mut [bool]) {
            for (out, (&$x, &$y)) in out.iter_mut().zip(x.iter().zip(y)) {
                *out = $value;
            }
        }
    )+ };
}
logical! {
    logical_and(x, y) { x && y }
    logical_or(x, y) { x || y }
}

pub(crate) fn logical_not(x: &[bool], out: &mut [bool]) {
    out.iter_mut().zip(x).for_each(|(out, &x)| *out = !x);
}

/// `x` where the condition holds, else `y`.
#[inline]
pub(crate) fn select<T: Element>(condition: &[bool], x: &[T], y: &[T], out: &mut [T]) {
    for (out, (&condition, (&x, &y))) in out.iter_mut().zip(condition.iter().zip(x.iter().zip(y))) {
        // A branch would be mispredicted every other time, and keep the loop from being one of vectors.
        *out = select_unpredictable(condition, x, y);
    }
}

/// Every element in another dtype: floats truncated towards zero and saturated at the ends, integers wrapped.
#[inline]
pub(crate) fn cast<T: Element, U: Element>(x: &[T], out: &mut [U]) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = U::narrow(x.to_wide());
    }
}

/// `sum += x`.
#[inline]
pub(crate) fn add_assign<T: Number>(sum: &mut [T], x: &[T]) {
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum = sum.plus(x);
    }
}

/// `rest -= x`.
#[inline]
pub(crate) fn sub_assign<T: Number>(rest: &mut [T], x: &[T]) {
    for (rest, &x) in rest.iter_mut().zip(x) {
        *rest = rest.minus(x);
    }
}
