//! Natural logarithms.

use super::exponential::exp;
use super::float::{Float, polynomial};

/// ln(2ᵏ (1 + f)) + rest, where 1 + f lies between √½ and √2.
#[inline(always)]
fn log_of_binade<F: Float>(k: F, f: F, rest: F) -> F {
    let s = f / (F::TWO + f);
    let (z, half_of_square) = (s * s, F::HALF * f * f);
    // 2 s = f - s f, and s f = f² / 2 - s f² / 2: so f itself, which is exact, is what most of the sum is.
    let lower = s * (half_of_square + z * polynomial(z, F::LOG)) + rest;
    k * F::LN_2[0] - ((half_of_square - lower) - f)
}

/// The natural logarithm.
#[inline(always)]
pub(crate) fn log<F: Float>(x: F) -> F {
    let (k, m) = x.binade();
    let y = log_of_binade(k, m - F::ONE, k * F::LN_2[1]);
    let y = if x < F::INFINITY { y } else { x };
    let of_no_positive = if x == F::ZERO { -F::INFINITY } else { F::NAN };
    if x > F::ZERO { y } else { of_no_positive }
}

/// ln(1 + x) for finite x above -1. The sign of 0 is lost.
#[inline(always)]
fn log1p_of_finite<F: Float>(x: F) -> F {
    let u = F::ONE + x;
    let lost = if x > F::ONE { F::ONE - (u - x) } else { x - (u - F::ONE) };
    let (k, m) = u.binade();
    let f = m - F::ONE;
    // What is lost is at most 1, and so small beside u that three terms of 1 / (1 + f) are enough.
    let scale = F::inverse_power(if k < F::of(64.0) { k } else { F::of(64.0) });
    let rest = lost * scale * (F::ONE - f + f * f);
    log_of_binade(k, f, k * F::LN_2[1] + rest)
}

/// ln(1 + x), exact near 0.
#[inline(always)]
pub(crate) fn log1p<F: Float>(x: F) -> F {
    let y = log1p_of_finite(x).copysign(x);
    let y = if x < F::INFINITY { y } else { x };
    let of_no_number = if x == -F::ONE { -F::INFINITY } else { F::NAN };
    if x > -F::ONE { y } else { of_no_number }
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e⁻ˡˣˡ), where no power overflows; NaN stays NaN.
#[inline(always)]
pub(crate) fn softplus<F: Float>(x: F) -> F {
    (if x < F::ZERO { F::ZERO } else { x }) + log1p_of_finite(exp(-x.abs()))
}
