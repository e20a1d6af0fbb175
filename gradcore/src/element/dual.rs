//! Dual numbers: a value with its derivative, for second derivatives of functions of one element.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::{Element, Number, Real, Wide, reads, sealed};
use crate::buffers::Filler;
use crate::tensor::{Erase, Erased, Tensor};

/// A value, and its derivative in one direction. It compares as its value does, so that a function takes the branch
/// that it takes for the value, and has the derivative of that branch.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Dual<T> {
    pub(crate) value: T,
    pub(crate) derivative: T,
}

impl<T: Real> Dual<T> {
    /// A number that does not change.
    #[inline]
    pub(crate) fn constant(value: T) -> Self {
        Dual { value, derivative: T::default() }
    }

    /// The number in whose direction the derivative is.
    #[inline]
    pub(crate) fn variable(value: T) -> Self {
        Dual { value, derivative: T::ONE }
    }

    /// A function of this number, by its value and its slope. What does not change has derivative 0, however steep the
    /// function is there.
    #[inline]
    fn chained(self, value: T, slope: T) -> Self {
        let still = self.derivative == T::default();
        Dual { value, derivative: if still { T::default() } else { self.derivative * slope } }
    }

    /// As [`chained`](Self::chained), for a function of two numbers.
    #[inline]
    fn chained_with(self, other: Self, value: T, slope: T, slope_of_other: T) -> Self {
        let derivative = self.chained(value, slope).derivative + other.chained(value, slope_of_other).derivative;
        Dual { value, derivative }
    }

    /// The value, to be used as a plain number: what comes of that knows no derivative.
    #[inline]
    fn read(self) -> T {
        if self.derivative != T::default() {
            reads::note();
        }
        self.value
    }

    /// A function that is constant wherever it has a derivative.
    #[inline]
    fn step(value: T) -> Self {
        Dual::constant(value)
    }
}

impl<T: Real> PartialEq for Dual<T> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Real> PartialOrd for Dual<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Real> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

impl<T: Real> Add for Dual<T> {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Dual { value: self.value + other.value, derivative: self.derivative + other.derivative }
    }
}

impl<T: Real> Sub for Dual<T> {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Dual { value: self.value - other.value, derivative: self.derivative - other.derivative }
    }
}

impl<T: Real> Mul for Dual<T> {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        self.chained_with(other, self.value * other.value, other.value, self.value)
    }
}

impl<T: Real> Div for Dual<T> {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        self.chained_with(other, quotient, T::ONE / other.value, -quotient / other.value)
    }
}

impl<T: Real> Neg for Dual<T> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Dual { value: -self.value, derivative: -self.derivative }
    }
}

macro_rules! assigning {
    ($($trait:ident $function:ident $operator:tt)+) => { $(
        impl<T: Real> $trait for Dual<T> {
            #[inline]
            fn $function(&mut self, other: Self) {
                *self = *self $operator other;
            }
        }
    )+ };
}
assigning!(AddAssign add_assign + SubAssign sub_assign - MulAssign mul_assign * DivAssign div_assign /);

impl<T: Real> Sum for Dual<T> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Dual::default(), Add::add)
    }
}

impl<'a, T: Real> Sum<&'a Self> for Dual<T> {
    fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self {
        terms.copied().sum()
    }
}

impl<T: Real> sealed::Sealed for Dual<T> {}

/// Duals stand in loops, and in no tensor.
impl<T: Real> Erase for Dual<T> {
    fn erase(_: Tensor<Self>) -> Erased {
        unreachable!("no tensor holds duals")
    }
    fn recover(_: Erased) -> Option<Tensor<Self>> {
        None
    }
    fn peek(_: &Erased) -> Option<&Tensor<Self>> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: Real> Filler for Dual<T> {}
impl<T: Real> Element for Dual<T> {
    const NAME: &'static str = T::NAME;
    const REAL: bool = true;
    const ONE: Self = Dual { value: T::ONE, derivative: T::NOTHING };
    const NOTHING: Self = Dual { value: T::NOTHING, derivative: T::NOTHING };
    const NO_CHOICE: Self = Dual { value: T::NO_CHOICE, derivative: T::NOTHING };
    fn is_no_choice(self) -> bool {
        self.value.is_no_choice()
    }
    fn to_wide(self) -> Wide {
        self.read().to_wide()
    }
    fn narrow(value: Wide) -> Self {
        Dual::constant(T::narrow(value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Real> Number for Dual<T> {
    const LOWEST: Self = Dual { value: T::LOWEST, derivative: T::NOTHING };
    const HIGHEST: Self = Dual { value: T::HIGHEST, derivative: T::NOTHING };
    fn absolute(self) -> Self {
        self.abs()
    }
    fn sign(self) -> Self {
        Dual::step(self.value.sign())
    }
    fn negated(self) -> Self {
        -self
    }
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn minus(self, other: Self) -> Self {
        self - other
    }
    fn times(self, other: Self) -> Self {
        self * other
    }
    fn over(self, other: Self) -> Self {
        self / other
    }
}

/// Functions of a value `x` that is `y` there, each with its slope.
macro_rules! functions {
    ($($function:ident($x:ident, $y:ident) $slope:expr;)+) => { $(
        #[inline]
        fn $function(self) -> Self {
            let $x = self.value;
            let $y = $x.$function();
            self.chained($y, $slope)
        }
    )+ };
}

macro_rules! steps {
    ($($function:ident)+) => { $(
        #[inline]
        fn $function(self) -> Self {
            Dual::step(self.value.$function())
        }
    )+ };
}

#[diagnostic::do_not_recommend]
impl<T: Real> Real for Dual<T> {
    const EPSILON: Self = Dual { value: T::EPSILON, derivative: T::NOTHING };
    const MIN_POSITIVE: Self = Dual { value: T::MIN_POSITIVE, derivative: T::NOTHING };
    const MAX: Self = Dual { value: T::MAX, derivative: T::NOTHING };
    #[inline]
    fn of(value: f64) -> Self {
        Dual::constant(T::of(value))
    }
    fn to_f64(self) -> f64 {
        self.read().to_f64()
    }
    fn is_nan(self) -> bool {
        self.value.is_nan()
    }
    fn is_finite(self) -> bool {
        self.value.is_finite()
    }
    fn is_near(self) -> bool {
        self.value.is_near()
    }

    functions! {
        abs(x, _y) x.sign();
        recip(_x, y) -(y * y);
        sqrt(_x, y) T::of(0.5) / y;
        cbrt(_x, y) T::ONE / (T::of(3.0) * y * y);
        exp(_x, y) y;
        exp2(_x, y) y * T::of(std::f64::consts::LN_2);
        exp_m1(x, _y) x.exp();
        ln(x, _y) x.recip();
        ln_1p(x, _y) (T::ONE + x).recip();
        log2(x, _y) (x * T::of(std::f64::consts::LN_2)).recip();
        log10(x, _y) (x * T::of(std::f64::consts::LN_10)).recip();
        sin(x, _y) x.cos();
        cos(x, _y) -x.sin();
        tan(_x, y) T::ONE + y * y;
        asin(x, _y) (T::ONE - x * x).sqrt().recip();
        acos(x, _y) -(T::ONE - x * x).sqrt().recip();
        atan(x, _y) (T::ONE + x * x).recip();
        sinh(x, _y) x.cosh();
        cosh(x, _y) x.sinh();
        tanh(x, _y) T::of(4.0) * (x + x).slope_of_sigmoid();
        asinh(x, _y) (x * x + T::ONE).sqrt().recip();
        acosh(x, _y) (x * x - T::ONE).sqrt().recip();
        atanh(x, _y) (T::ONE - x * x).recip();
        sigmoid(x, _y) x.slope_of_sigmoid();
        slope_of_sigmoid(x, y) -y * (x * T::of(0.5)).tanh();
        softplus(x, _y) x.sigmoid();
        erf(x, _y) T::of(std::f64::consts::FRAC_2_SQRT_PI) * (-x * x).exp();
        erfc(x, _y) -T::of(std::f64::consts::FRAC_2_SQRT_PI) * (-x * x).exp();
        rsqrt(x, y) T::of(-0.5) * y / x;
        near_sin(x, _y) x.near_cos();
        near_cos(x, _y) -x.near_sin();
        near_tan(_x, y) T::ONE + y * y;
        fract(_x, _y) T::ONE;
    }
    steps!(signum floor ceil round round_ties_even trunc);

    fn powi(self, n: i32) -> Self {
        let slope = if n == 0 { T::default() } else { T::of(f64::from(n)) * self.value.powi(n - 1) };
        self.chained(self.value.powi(n), slope)
    }
    fn powf(self, power: Self) -> Self {
        let (x, p) = (self.value, power.value);
        let slope = if p == T::default() { p } else { p * x.powf(p - T::ONE) };
        let y = x.powf(p);
        // 0 to a positive power is 0, whatever the power.
        let slope_of_power = if y == T::default() { y } else { y * x.ln() };
        self.chained_with(power, y, slope, slope_of_power)
    }
    fn atan2(self, other: Self) -> Self {
        let (y, x) = (self.value, other.value);
        let square = x * x + y * y;
        self.chained_with(other, y.atan2(x), x / square, -y / square)
    }
    fn hypot(self, other: Self) -> Self {
        let length = self.value.hypot(other.value);
        self.chained_with(other, length, self.value / length, other.value / length)
    }
    #[inline]
    fn max(self, other: Self) -> Self {
        if self.value >= other.value || other.is_nan() { self } else { other }
    }
    #[inline]
    fn min(self, other: Self) -> Self {
        if self.value <= other.value || other.is_nan() { self } else { other }
    }
    fn clamp(self, min: Self, max: Self) -> Self {
        assert!(min <= max, "expected `min` to be at most `max`, found `min` = {min}, `max` = {max}");
        if self < min {
            min
        } else if self > max {
            max
        } else {
            self
        }
    }
    #[inline]
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        let product = self.chained_with(factor, self.value, factor.value, self.value);
        let value = self.value.mul_add(factor.value, summand.value);
        Dual { value, derivative: product.derivative + summand.derivative }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use super::Dual;
    use crate::element::Real;

    type Function = fn(Dual<f64>) -> Dual<f64>;

    /// The derivative by central differences, of the values alone.
    fn difference(f: Function, x: f64) -> f64 {
        let step = 1e-6;
        (f(Dual::constant(x + step)).value - f(Dual::constant(x - step)).value) / (2.0 * step)
    }

    #[track_caller]
    fn assert_derivative(name: &str, f: Function, x: f64) {
        let (found, expected) = (f(Dual::variable(x)).derivative, difference(f, x));
        assert!((found - expected).abs() <= 1e-7 * expected.abs().max(1.0), "{name} at {x}: {found}, not {expected}");
    }

    #[test]
    fn every_function_has_the_derivative_of_its_values() {
        macro_rules! all {
            ($($function:ident)+) => { [$((stringify!($function), (|x| x.$function()) as Function)),+] };
        }
        let everywhere = all!(abs signum recip cbrt exp exp2 exp_m1 sin cos tan atan sinh cosh tanh asinh fract
            floor ceil round round_ties_even trunc);
        for (name, f) in everywhere {
            [-1.3, -0.4, 0.3, 2.2].iter().for_each(|&x| assert_derivative(name, f, x));
        }
        for (name, f) in all!(sqrt ln ln_1p log2 log10) {
            [0.1, 0.7, 3.0].iter().for_each(|&x| assert_derivative(name, f, x));
        }
        for (name, f) in all!(asin acos atanh) {
            [-0.6, 0.2, 0.9].iter().for_each(|&x| assert_derivative(name, f, x));
        }
        assert_derivative("acosh", Real::acosh, 1.8);
    }

    #[test]
    fn functions_of_two_numbers_have_both_derivatives() {
        let functions: [(&str, Function); 10] = [
            ("powi", |x| x.powi(-3) + x.powi(0)),
            ("powf", |x| x.powf(Dual::of(2.0) + x)),
            ("atan2", |x| x.atan2(Dual::of(2.0) * x * x)),
            ("hypot", |x| x.hypot(x * x)),
            ("max", |x| x.max(x * x)),
            ("min", |x| x.min(x * x)),
            ("clamp", |x| (x * x).clamp(x, Dual::of(2.0) * x)),
            ("mul_add", |x| x.mul_add(x * x, -x)),
            ("division", |x| (x + Dual::of(1.0)) / (x * x)),
            ("assignments", |x| {
                let mut y = x;
                y += x * x;
                y -= Dual::of(0.5);
                y *= x;
                y /= Dual::of(3.0) + x;
                [x, y].iter().sum::<Dual<f64>>() + [x, y].into_iter().sum()
            }),
        ];
        for (name, f) in functions {
            [0.3, 1.4].iter().for_each(|&x| assert_derivative(name, f, x));
        }
    }

    #[test]
    fn what_does_not_change_has_no_derivative_however_steep_the_function() {
        assert_eq!(Dual::constant(0.0f32).sqrt().derivative, 0.0);
        assert_eq!(Dual::variable(0.0f32).abs().derivative, 0.0);
        assert_eq!(Dual::variable(-2.0f32).powf(Dual::of(2.0)).derivative, -4.0);
        assert!(Dual::variable(1.0f32).max(Dual::of(f64::NAN)).value == 1.0);
    }
}
