//! Powers of any base, and the inverse of the square root.

#![allow(clippy::float_cmp, reason = "single numbers are told from all others")]
#![allow(clippy::needless_bitwise_bool, reason = "without a branch")]

use super::exponential::{exp, expm1_of_reduced, reduced};
use super::float::{Float, between, polynomial, product, sum, sum_of_greater};
use super::logarithm::log;

/// 1 / √x
#[inline(always)]
pub(crate) fn rsqrt<F: Float>(x: F) -> F {
    F::ONE / x.sqrt()
}

/// `f32` or `f64`, with powers.
pub(crate) trait Power: Float {
    /// This number to the power of y, as IEEE 754 defines it.
    fn pow(self, y: Self) -> Self;
}

/// By way of `f64`, which has digits to spare.
impl Power for f32 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the result is rounded to its type")]
    fn pow(self, y: f32) -> f32 {
        let (x, y) = (f64::from(self), f64::from(y));
        with_sign(exp(y * log(x.abs())), x, y) as f32
    }
}

/// By a logarithm in two parts.
impl Power for f64 {
    #[inline(always)]
    fn pow(self, y: f64) -> f64 {
        let [log, rest_of_log] = log_in_parts(self.abs());
        let [exponent, rest] = product(y, log);
        let rest = rest + y * rest_of_log;
        // Where the result is 0 or ∞ the parts may be no numbers.
        let rest = if exponent.abs() < 1000.0 { rest } else { 0.0 };
        let (r, shifted) = reduced(between(exponent, f64::OF_EXP));
        let [first, second] = f64::powers(shifted);
        with_sign((1.0 + expm1_of_reduced(r + rest)) * first * second, self, y)
    }
}

/// The power of x, given that of its absolute value.
#[inline(always)]
fn with_sign(of_absolute: f64, x: f64, y: f64) -> f64 {
    /// 2⁵²: from it on, every number is an integer.
    const INTEGERS: f64 = 4_503_599_627_370_496.0;
    let is_integer = |y: f64| (y >= INTEGERS) | ((y + INTEGERS) - INTEGERS == y);
    let is_odd = is_integer(y.abs()) & !is_integer(0.5 * y.abs());
    let signed = if is_odd { of_absolute.copysign(x) } else { of_absolute };
    let signed = if (x < 0.0) & !is_integer(y.abs()) & (x != f64::NEG_INFINITY) { f64::NAN } else { signed };
    let is_one = (y == 0.0) | (x == 1.0) | ((x == -1.0) & (y.abs() == f64::INFINITY));
    if is_one { 1.0 } else { signed }
}

/// ln x in two parts, to 2⁻⁶³ of its value, of a number from 0 on.
#[inline(always)]
fn log_in_parts(x: f64) -> [f64; 2] {
    /// What 2 / 3 loses as an `f64`.
    const REST_OF_TWO_THIRDS: f64 = 3.700_743_415_417_188e-17;
    /// (ln m - 2 s - 2 / 3 s z) / (s z²)
    const BEND: [f64; 8] = [
        0.4,
        0.285_714_285_714_263_6,
        0.222_222_222_227_434_26,
        0.181_818_181_618_757_24,
        0.153_846_091_750_077_38,
        0.133_341_812_399_121_24,
        0.117_201_641_129_275_3,
        0.115_987_233_529_406_28,
    ];
    let (k, m) = x.binade();
    let f = m - 1.0;
    // s = f / (2 + f)
    let [below, rest_of_below] = sum_of_greater(2.0, f);
    let s = f / below;
    let [back, rest_of_back] = product(s, below);
    let rest_of_s = (((f - back) - rest_of_back) - s * rest_of_below) / below;
    // ln m = 2 s + s z (2 / 3 + z (...)), where z = s²
    let [z, rest_of_z] = product(s, s);
    let rest_of_z = rest_of_z + 2.0 * s * rest_of_s;
    let [first, rest_of_first] = product(z, 2.0 / 3.0);
    let rest_of_first = rest_of_first + z * REST_OF_TWO_THIRDS + rest_of_z * (2.0 / 3.0);
    let [bend, rest_of_bend] = sum_of_greater(first, z * z * polynomial(z, &BEND));
    let rest_of_bend = rest_of_bend + rest_of_first;
    let [bent, rest_of_bent] = product(s, bend);
    let rest_of_bent = rest_of_bent + s * rest_of_bend + rest_of_s * bend;

    let [nearest, rest] = sum(k * f64::LN_2[0], 2.0 * s);
    let [nearest, second_rest] = sum(nearest, bent);
    let rest = rest + second_rest + 2.0 * rest_of_s + rest_of_bent + k * f64::LN_2[1];
    let [nearest, rest] = sum_of_greater(nearest, rest);
    let nearest = if x < f64::INFINITY { nearest } else { x };
    [if x == 0.0 { f64::NEG_INFINITY } else { nearest }, rest]
}
