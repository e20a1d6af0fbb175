//! Functions of single elements, as loops over tensors have them.

#![allow(clippy::needless_bitwise_bool, reason = "without a branch")]
#![allow(clippy::inline_always, reason = "what is left as a call keeps a loop from being one of vectors")]

use std::hint::select_unpredictable;

use super::loops::{self, Stretched};
use crate::element::{Element, Number, Real};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident<$bound:ident>($($x:ident),+) -> $out:ty { $value:expr })+) => { $(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name<T: $bound>($($x: T),+) -> $out {
            $value
        }
    )+ };
}
functions! {
    /// max(x, 0); NaN stays NaN.
    relu<Number>(x) -> T { if x < T::default() { T::default() } else { x } }
    /// eˣ - 1 below 0, x above.
    elu<Real>(x) -> T { if x < T::default() { x.exp_m1() } else { x } }
    /// x / y, but 0 where y is 0.
    divide_no_nan<Real>(x, y) -> T { if y == T::default() { y } else { x / y } }
    /// The gradient x where y > 0, else a zero of choice.
    where_positive<Number>(x, y) -> T { if y > T::default() { x } else { T::NO_CHOICE } }
}

/// The greater element; NaN if either is (TensorFlow's `maximum`).
#[inline(always)]
#[allow(clippy::eq_op, reason = "a NaN differs from itself")]
pub(crate) fn maximum<T: Number>(x: T, y: T) -> T {
    if (x >= y) | (x != x) { x } else { y }
}

/// The lesser element; NaN if either is (TensorFlow's `minimum`).
#[inline(always)]
#[allow(clippy::eq_op, reason = "a NaN differs from itself")]
pub(crate) fn minimum<T: Number>(x: T, y: T) -> T {
    if (x <= y) | (x != x) { x } else { y }
}

/// x where the condition holds, else y.
#[inline(always)]
pub(crate) fn select<T: Element>(condition: bool, x: T, y: T) -> T {
    // A branch would be mispredicted every other time, and keep the loop from being one of vectors.
    select_unpredictable(condition, x, y)
}

/// What comes of a gradient that may be a zero of choice, which stays one.
#[inline(always)]
pub(crate) fn kept<T: Number>(gradient: T, result: T) -> T {
    select_unpredictable(gradient.is_no_choice(), gradient, result.without_choice())
}

/// As [`kept`], of a rule that may give something else than 0 where nothing comes from upstream.
#[inline(always)]
pub(crate) fn kept_or_given<T: Real>(gradient: T, result: T) -> T {
    let is_none = gradient.is_no_choice() & (result.is_nan() | (result == T::default()));
    select_unpredictable(is_none, T::NO_CHOICE, result.without_choice())
}

/// As [`kept`], of two gradients.
#[inline(always)]
pub(crate) fn kept_of_two<T: Number>(one: T, two: T, result: T) -> T {
    select_unpredictable(one.is_no_choice() | two.is_no_choice(), T::NO_CHOICE, result.without_choice())
}

/// The sum of a value and a gradient: a value of 0 leaves a zero of choice as it is.
#[inline(always)]
pub(crate) fn kept_beside_value<T: Number>(value: T, gradient: T, result: T) -> T {
    select_unpredictable((value == T::default()) & gradient.is_no_choice(), gradient, result.without_choice())
}

/// g / y, but NaN where dy / y is 0 / 0.
#[inline(always)]
pub(crate) fn over_unless_indefinite<T: Real>(g: T, dy: T, y: T) -> T {
    let indefinite = (dy == T::default()) & (y == T::default());
    select_unpredictable(indefinite, dy / y, g / y)
}

/// An element in another dtype: floats truncated towards zero and saturated at the ends, integers wrapped.
#[inline(always)]
pub(crate) fn cast<T: Element, U: Element>(x: T) -> U {
    U::narrow(x.to_wide())
}

/// `sum += x`.
pub(crate) fn add_assign<T: Number>(sum: &mut [T], x: &[T]) {
    loops::update(sum, Stretched::dense(x), T::plus);
}

/// `rest -= x`.
pub(crate) fn sub_assign<T: Number>(rest: &mut [T], x: &[T]) {
    loops::update(rest, Stretched::dense(x), T::minus);
}
