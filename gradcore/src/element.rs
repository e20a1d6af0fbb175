//! The scalars that tensors hold: [`Element`], those with arithmetic ([`Number`]), those with gradients ([`Real`]).

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

mod sealed {
    pub trait Sealed {}
}

/// A scalar between dtypes: wide enough to convert any element into any other.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Wide {
    Integer(i64),
    Float(f64),
}

/// A scalar that a [`Tensor`](crate::Tensor) can hold: `f32`, `f64`, `i32`, `i64`, `u8` or `bool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dtype of a tensor; expected `f32`, `f64`, `i32`, `i64`, `u8` or `bool`",
    label = "no tensor holds this"
)]
pub trait Element:
    sealed::Sealed + Copy + Debug + Display + PartialEq + PartialOrd + Default + Send + Sync + 'static
{
    /// TensorFlow's name of the dtype, such as `float32`.
    const NAME: &'static str;
    /// Whether gradients exist for this dtype.
    const REAL: bool;
    /// One, or `true`.
    const ONE: Self;
    #[doc(hidden)]
    fn widen(self) -> Wide;
    #[doc(hidden)]
    fn narrow(value: Wide) -> Self;
}

/// An [`Element`] with arithmetic: all but `bool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no arithmetic; expected a dtype of `f32`, `f64`, `i32`, `i64` or `u8`",
    note = "`tf::cast(x, tf::float32)` turns a tensor of `bool` into numbers"
)]
pub trait Number: Element + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> {
    /// The absolute value.
    #[must_use]
    fn absolute(self) -> Self;
    /// -1, 0 or 1 (TensorFlow's `sign`: zero for zero, NaN for NaN).
    #[must_use]
    fn sign(self) -> Self;
    /// The value with its sign turned, wrapping for integers.
    #[must_use]
    fn negated(self) -> Self;
    /// The lowest value, below every other: -∞ for floats.
    const LOWEST: Self;
    // The arithmetic of tensors: that of integers wraps, as TensorFlow's does.
    #[doc(hidden)]
    #[must_use]
    fn plus(self, other: Self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn minus(self, other: Self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn times(self, other: Self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn over(self, other: Self) -> Self;
}

/// A [`Number`] for which gradients exist: `f32` and `f64`.
#[diagnostic::on_unimplemented(
    message = "no gradient exists for dtype `{Self}`; expected `f32` or `f64`",
    label = "dtype `{Self}` has no gradient",
    note = "`tf::cast(x, tf::float32)` makes a differentiable tensor of an integer one"
)]
pub trait Real: Number + Neg<Output = Self> {
    /// The nearest value of this type, as for the literals of a function generic over `T: Real`.
    #[must_use]
    fn of(value: f64) -> Self;
    /// The same number as an `f64`.
    #[must_use]
    fn to_f64(self) -> f64;
    /// e to the power of the value.
    #[must_use]
    fn exp(self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// ln(1 + value), exact near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// Nearest integer, ties to even, as in TensorFlow and NumPy.
    #[must_use]
    fn round_ties_even(self) -> Self;
    /// Whether the value is NaN.
    #[must_use]
    fn is_nan(self) -> bool;
}

/// A [`Number`] that counts: `i32`, `i64` and `u8`.
#[diagnostic::on_unimplemented(
    message = "expected a tensor of integers (`i32`, `i64` or `u8`), found one of `{Self}`",
    note = "`tf::cast(x, tf::int64)` turns a tensor of floats into integers"
)]
pub trait Integer: Number {
    /// The value as an index below `limit`.
    fn index_below(self, limit: usize) -> Option<usize>;
}

macro_rules! elements {
    ($($type:ident $name:literal $real:literal $one:literal $wide:ident $via:ident;)+) => { $(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const NAME: &'static str = $name;
            const REAL: bool = $real;
            const ONE: Self = $one;
            fn widen(self) -> Wide {
                #[allow(clippy::cast_lossless, clippy::unnecessary_cast)]
                Wide::$wide(self as $via)
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::unnecessary_cast)]
            fn narrow(value: Wide) -> Self {
                match value {
                    Wide::Integer(v) => v as $type,
                    Wide::Float(v) => v as $type,
                }
            }
        }
    )+ };
}
elements! {
    f32 "float32" true 1.0 Float f64;
    f64 "float64" true 1.0 Float f64;
    i32 "int32" false 1 Integer i64;
    i64 "int64" false 1 Integer i64;
    u8 "uint8" false 1 Integer i64;
}

impl sealed::Sealed for bool {}
impl Element for bool {
    const NAME: &'static str = "bool";
    const REAL: bool = false;
    const ONE: Self = true;
    fn widen(self) -> Wide {
        Wide::Integer(i64::from(self))
    }
    fn narrow(value: Wide) -> Self {
        match value {
            Wide::Integer(v) => v != 0,
            Wide::Float(v) => v != 0.0,
        }
    }
}

macro_rules! reals {
    ($($type:ident)+) => { $(
        impl Number for $type {
            const LOWEST: Self = Self::NEG_INFINITY;
            fn absolute(self) -> Self { self.abs() }
            fn sign(self) -> Self {
                if self > 0.0 { 1.0 } else if self < 0.0 { -1.0 } else { self + 0.0 }
            }
            fn negated(self) -> Self { -self }
            #[inline]
            fn plus(self, other: Self) -> Self { self + other }
            #[inline]
            fn minus(self, other: Self) -> Self { self - other }
            #[inline]
            fn times(self, other: Self) -> Self { self * other }
            #[inline]
            fn over(self, other: Self) -> Self { self / other }
        }
        impl Real for $type {
            #[allow(clippy::cast_possible_truncation, clippy::cast_lossless)]
            fn of(value: f64) -> Self { value as $type }
            fn to_f64(self) -> f64 { f64::from(self) }
            fn exp(self) -> Self { $type::exp(self) }
            fn ln(self) -> Self { $type::ln(self) }
            fn ln_1p(self) -> Self { $type::ln_1p(self) }
            fn sqrt(self) -> Self { $type::sqrt(self) }
            fn tanh(self) -> Self { $type::tanh(self) }
            fn round_ties_even(self) -> Self { $type::round_ties_even(self) }
            fn is_nan(self) -> bool { $type::is_nan(self) }
        }
    )+ };
}
reals!(f32 f64);

macro_rules! integers {
    ($($type:ident $absolute:expr, $sign:expr;)+) => { $(
        impl Number for $type {
            const LOWEST: Self = Self::MIN;
            fn absolute(self) -> Self { $absolute(self) }
            fn sign(self) -> Self { $sign(self) }
            fn negated(self) -> Self { self.wrapping_neg() }
            #[inline]
            fn plus(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline]
            fn minus(self, other: Self) -> Self { self.wrapping_sub(other) }
            #[inline]
            fn times(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline]
            fn over(self, other: Self) -> Self { self.wrapping_div(other) }
        }
        impl Integer for $type {
            fn index_below(self, limit: usize) -> Option<usize> {
                usize::try_from(self).ok().filter(|index| *index < limit)
            }
        }
    )+ };
}
integers! {
    i32 i32::wrapping_abs, i32::signum;
    i64 i64::wrapping_abs, i64::signum;
    u8 std::convert::identity, |v: u8| u8::from(v > 0);
}
