//! The scalars that tensors hold: [`Element`], those with arithmetic ([`Number`]), those with gradients ([`Real`]).

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

pub use dual::Dual;

use crate::buffers::Filler;
use crate::math;
use crate::tensor::Erase;

mod dual;
pub(crate) mod reads;

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
    sealed::Sealed + Erase + Filler + Debug + Display + PartialEq + PartialOrd + Send + Sync + 'static
{
    /// TensorFlow's name of the dtype, such as `float32`.
    const NAME: &'static str;
    /// Whether gradients exist for this dtype.
    const REAL: bool;
    /// The dtype as an argument, as in `tf::cast(x, T::DTYPE)`.
    const DTYPE: DType<Self> = DType(PhantomData);
    /// One, or `true`.
    const ONE: Self;
    #[doc(hidden)]
    const NOTHING: Self;
    /// The zero of choice in a gradient: see `tensor::role`.
    #[doc(hidden)]
    const NO_CHOICE: Self;
    #[doc(hidden)]
    #[must_use]
    fn is_no_choice(self) -> bool;
    /// The same number; 0 if it is a zero of choice.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    fn without_choice(self) -> Self {
        if self == Self::NOTHING { Self::NOTHING } else { self }
    }
    /// The same number, as a zero of choice if it is 0.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    fn or_no_choice(self) -> Self {
        if self == Self::NOTHING { Self::NO_CHOICE } else { self }
    }
    #[doc(hidden)]
    fn to_wide(self) -> Wide;
    #[doc(hidden)]
    fn narrow(value: Wide) -> Self;
}

/// A dtype as an argument, as in `tf::cast(x, tf::float32)`; that of a generic rule is `T::DTYPE`.
#[derive(Clone, Copy, Debug)]
pub struct DType<T>(pub(crate) PhantomData<T>);

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
    /// The highest value, above every other: ∞ for floats.
    const HIGHEST: Self;
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
    /// self · x / y²; for floats without overflow on the way.
    #[doc(hidden)]
    #[must_use]
    fn times_over_square(self, x: Self, y: Self) -> Self {
        self.times(x).over(y.times(y))
    }
}

/// A [`Number`] for which gradients exist: `f32` and `f64`.
///
/// Its functions are called as those of `f32` and `f64` in std, and mean the same, so that a body written for `f32`
/// can be made generic over `T: Real` as it stands; `sigmoid`, `softplus`, `erf`, `erfc` and `rsqrt` come besides.
///
/// `exp`, `exp_m1`, `ln`, `ln_1p`, `tanh` and those five have neither tables nor branches, so that a loop that calls them
/// runs on vectors, with the same bits on every machine. Their errors are at most 2 units in the last place, of `erfc`,
/// `powf` and `tan` at most 4. `sin`, `cos` and `tan` have a branch, for angles beyond 2²⁰.
#[diagnostic::on_unimplemented(
    message = "no gradient exists for dtype `{Self}`; expected `f32` or `f64`",
    label = "dtype `{Self}` has no gradient",
    note = "`tf::cast(x, tf::float32)` makes a differentiable tensor of an integer one"
)]
pub trait Real:
    Number + Neg<Output = Self> + AddAssign + SubAssign + MulAssign + DivAssign + Sum<Self> + for<'a> Sum<&'a Self>
{
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The smallest positive number that is not subnormal.
    const MIN_POSITIVE: Self;
    /// The largest number that is not infinite.
    const MAX: Self;
    /// The nearest value of this type, as for the literals of a function generic over `T: Real`.
    #[must_use]
    fn of(value: f64) -> Self;
    /// The same number as an `f64`.
    ///
    /// No derivative passes it. Where the second derivative of an `elementwise` function depends on what it was given, in
    /// the body or in `grad`, that is an [`Error::HigherDerivative`](crate::Error::HigherDerivative); the first is as
    /// `grad` says. The value of a pair may be made of it: `(T::of(special(x.to_f64())), |dy| dy * x.cos())`.
    #[must_use]
    fn to_f64(self) -> f64;
    /// Whether the value is NaN.
    #[must_use]
    fn is_nan(self) -> bool;
    /// Whether the value is neither infinite nor NaN.
    #[must_use]
    fn is_finite(self) -> bool;
    /// The value to the power of an integer.
    #[must_use]
    fn powi(self, n: i32) -> Self;
    /// The value to the power of `power`.
    #[must_use]
    fn powf(self, power: Self) -> Self;
    /// The angle of the point (`other`, `self`), in -π..=π.
    #[must_use]
    fn atan2(self, other: Self) -> Self;
    /// √(self² + other²), without overflow on the way.
    #[must_use]
    fn hypot(self, other: Self) -> Self;
    /// The greater; the other if one is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// The lesser; the other if one is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// The nearest value in `min..=max`.
    ///
    /// # Panics
    /// Panics if `min` is greater than `max`, or if either is NaN.
    #[must_use]
    fn clamp(self, min: Self, max: Self) -> Self;
    /// `self · factor + summand`, rounded once.
    #[must_use]
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// The absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// 1 from +0 upwards, -1 from -0 downwards, NaN for NaN. ([`Number::sign`] is 0 for zeros.)
    #[must_use]
    fn signum(self) -> Self;
    /// 1 / value.
    #[must_use]
    fn recip(self) -> Self;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Cube root.
    #[must_use]
    fn cbrt(self) -> Self;
    /// e to the power of the value.
    #[must_use]
    fn exp(self) -> Self;
    /// 2 to the power of the value.
    #[must_use]
    fn exp2(self) -> Self;
    /// e to the power of the value, less 1; exact near zero.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// ln(1 + value), exact near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// Logarithm to base 2.
    #[must_use]
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    #[must_use]
    fn log10(self) -> Self;
    /// Sine, in radians.
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine, in radians.
    #[must_use]
    fn cos(self) -> Self;
    /// Tangent, in radians.
    #[must_use]
    fn tan(self) -> Self;
    /// Inverse of the sine, in -π/2..=π/2.
    #[must_use]
    fn asin(self) -> Self;
    /// Inverse of the cosine, in 0..=π.
    #[must_use]
    fn acos(self) -> Self;
    /// Inverse of the tangent, in -π/2..=π/2.
    #[must_use]
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    #[must_use]
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    #[must_use]
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// Inverse of the hyperbolic sine.
    #[must_use]
    fn asinh(self) -> Self;
    /// Inverse of the hyperbolic cosine.
    #[must_use]
    fn acosh(self) -> Self;
    /// Inverse of the hyperbolic tangent.
    #[must_use]
    fn atanh(self) -> Self;
    /// 1 / (1 + e⁻ˣ), without overflow.
    #[must_use]
    fn sigmoid(self) -> Self;
    /// ln(1 + eˣ), without overflow.
    #[must_use]
    fn softplus(self) -> Self;
    /// The error function, 2 / √π times the integral of e^(-t²) from 0 to the value.
    #[must_use]
    fn erf(self) -> Self;
    /// 1 less the error function, exact where that is near 1.
    #[must_use]
    fn erfc(self) -> Self;
    /// 1 / √value.
    #[must_use]
    fn rsqrt(self) -> Self;
    // The functions of angles for loops on vectors, and whether they hold for an angle.
    #[doc(hidden)]
    #[must_use]
    fn near_sin(self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn near_cos(self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn slope_of_sigmoid(self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn near_tan(self) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn is_near(self) -> bool;
    /// The greatest integer that is not above.
    #[must_use]
    fn floor(self) -> Self;
    /// The least integer that is not below.
    #[must_use]
    fn ceil(self) -> Self;
    /// Nearest integer, ties away from zero.
    #[must_use]
    fn round(self) -> Self;
    /// Nearest integer, ties to even, as in TensorFlow and NumPy.
    #[must_use]
    fn round_ties_even(self) -> Self;
    /// The integer part.
    #[must_use]
    fn trunc(self) -> Self;
    /// What is left without the integer part.
    #[must_use]
    fn fract(self) -> Self;
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
    ($($type:ident $name:literal $real:literal $one:literal $nothing:literal $no_choice:literal $wide:ident $via:ident;)+) => { $(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const NAME: &'static str = $name;
            const REAL: bool = $real;
            const ONE: Self = $one;
            const NOTHING: Self = $nothing;
            const NO_CHOICE: Self = $no_choice;
            #[inline(always)]
            fn is_no_choice(self) -> bool {
                self.to_ne_bytes() == Self::NO_CHOICE.to_ne_bytes()
            }
            fn to_wide(self) -> Wide {
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
    f32 "float32" true 1.0 0.0 -0.0 Float f64;
    f64 "float64" true 1.0 0.0 -0.0 Float f64;
    i32 "int32" false 1 0 0 Integer i64;
    i64 "int64" false 1 0 0 Integer i64;
    u8 "uint8" false 1 0 0 Integer i64;
}

impl sealed::Sealed for bool {}
impl Element for bool {
    const NAME: &'static str = "bool";
    const REAL: bool = false;
    const ONE: Self = true;
    const NOTHING: Self = false;
    const NO_CHOICE: Self = false;
    fn is_no_choice(self) -> bool {
        !self
    }
    fn to_wide(self) -> Wide {
        Wide::Integer(i64::from(self))
    }
    fn narrow(value: Wide) -> Self {
        match value {
            Wide::Integer(v) => v != 0,
            Wide::Float(v) => v != 0.0,
        }
    }
}

/// Functions of one number by [`math`], which has some under the names of mathematics.
macro_rules! by_math {
    ($($function:ident $by:path;)+) => { $(
        #[inline(always)]
        fn $function(self) -> Self { $by(self) }
    )+ };
}

/// Functions of one or two numbers that std has under the same name.
macro_rules! as_in_std {
    ($type:ident: $($function:ident $(($other:ident))?)+) => { $(
        #[inline]
        fn $function(self $(, $other: Self)?) -> Self { $type::$function(self $(, $other)?) }
    )+ };
}

macro_rules! reals {
    ($($type:ident)+) => { $(
        impl Number for $type {
            const LOWEST: Self = Self::NEG_INFINITY;
            const HIGHEST: Self = Self::INFINITY;
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
            #[inline(always)]
            fn times_over_square(self, x: Self, y: Self) -> Self { math::Quotient::times_over_square(self, x, y) }
        }
        impl Real for $type {
            const EPSILON: Self = Self::EPSILON;
            const MIN_POSITIVE: Self = Self::MIN_POSITIVE;
            const MAX: Self = Self::MAX;
            #[inline]
            #[allow(clippy::cast_possible_truncation, clippy::cast_lossless)]
            fn of(value: f64) -> Self { value as $type }
            #[inline]
            fn to_f64(self) -> f64 { f64::from(self) }
            #[inline]
            fn is_nan(self) -> bool { $type::is_nan(self) }
            #[inline]
            fn is_finite(self) -> bool { $type::is_finite(self) }
            #[inline]
            fn powi(self, n: i32) -> Self { $type::powi(self, n) }
            #[inline]
            fn clamp(self, min: Self, max: Self) -> Self { $type::clamp(self, min, max) }
            #[inline]
            fn mul_add(self, factor: Self, summand: Self) -> Self { $type::mul_add(self, factor, summand) }
            as_in_std!($type: abs signum recip sqrt cbrt exp2 log2 log10);
            as_in_std!($type: asin acos atan sinh cosh asinh acosh atanh);
            as_in_std!($type: floor ceil round round_ties_even trunc fract);
            as_in_std!($type: atan2(other) hypot(other) max(other) min(other));
            by_math! {
                exp math::exp;
                exp_m1 math::expm1;
                ln math::log;
                ln_1p math::log1p;
                sin math::sin;
                cos math::cos;
                tan math::tan;
                tanh math::tanh;
                sigmoid math::sigmoid;
                softplus math::softplus;
                erf math::erf;
                erfc math::erfc;
                rsqrt math::rsqrt;
                slope_of_sigmoid math::slope_of_sigmoid;
                near_sin math::near::sin;
                near_cos math::near::cos;
                near_tan math::near::tan;
            }
            #[inline(always)]
            fn is_near(self) -> bool { math::is_near(self) }
            #[inline(always)]
            fn powf(self, power: Self) -> Self { math::Power::pow(self, power) }
        }
    )+ };
}
reals!(f32 f64);

macro_rules! integers {
    ($($type:ident $absolute:expr, $sign:expr;)+) => { $(
        impl Number for $type {
            const LOWEST: Self = Self::MIN;
            const HIGHEST: Self = Self::MAX;
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
