//! Functions of `f32` without tables and branches, which become vectors in any loop.

#![allow(clippy::inline_always, reason = "a function that is left as a call keeps a loop from being one of vectors")]

/// 1.5 · 2²³: what is added to it is rounded to an integer, which stands in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;
/// ln 2 in two parts; an integer below 2⁸ times the first is exact.
const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];

/// e to the power of x, by 2ⁿ and Taylor's polynomial of what is left, at most ln 2 / 2.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let terms = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let polynomial = terms.into_iter().fold(1.0 / 5040.0, |sum, term| sum * r + term);
    polynomial * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// The natural logarithm of a normal positive number m · 2ⁿ, by the series of 2 artanh((m - 1) / (m + 1)).
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    const HALF_ROOT: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    let n = x.to_bits().wrapping_sub(HALF_ROOT).cast_signed() >> 23;
    let m = f32::from_bits(x.to_bits().wrapping_sub((n << 23).cast_unsigned()));
    let s = (m - 1.0) / (m + 1.0);
    let series = [2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0].into_iter().fold(2.0 / 9.0, |sum, term| sum * (s * s) + term);
    let n = n as f32;
    n * LN_2[0] + (n * LN_2[1] + (2.0 * s + s * (s * s) * series))
}

#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}
