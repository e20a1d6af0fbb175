//! e to a power, and what is made of it.

use super::float::{Float, between, polynomial};

/// What is left of x after the multiple n of ln 2 that is nearest to it, and n as [`Float::powers`] takes it.
#[inline(always)]
pub(super) fn reduced<F: Float>(x: F) -> (F, F) {
    let shifted = x * F::LOG2_E + F::ROUNDING;
    let n = shifted - F::ROUNDING;
    (x - n * F::LN_2[0] - n * F::LN_2[1], shifted)
}

/// eʳ - 1 for |r| up to ln 2 / 2.
#[inline(always)]
pub(super) fn expm1_of_reduced<F: Float>(r: F) -> F {
    r + r * r * polynomial(r, F::EXP)
}

/// e to the power of x.
#[inline(always)]
pub(crate) fn exp<F: Float>(x: F) -> F {
    let (r, shifted) = reduced(between(x, F::OF_EXP));
    let [first, second] = F::powers(shifted);
    (F::ONE + expm1_of_reduced(r)) * first * second
}

/// eˣ - 1, exact near 0.
#[inline(always)]
pub(crate) fn expm1<F: Float>(x: F) -> F {
    let [_, most] = F::OF_EXP;
    let (r, shifted) = reduced(between(x, [F::LEAST_OF_EXPM1, most]));
    // Half of the result does not overflow before the result does.
    let half = F::half_power(shifted);
    (F::TWO * (half * expm1_of_reduced(r) + (half - F::HALF))).copysign(x)
}

/// The hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<F: Float>(x: F) -> F {
    let z = x * x;
    let near = x + x * z * polynomial(z, F::TANH);
    let (r, shifted) = reduced(F::TWO * between(x.abs(), [F::ZERO, F::MOST_OF_TANH]));
    let half_power = (F::ONE + expm1_of_reduced(r)) * F::half_power(shifted);
    let far = F::ONE - F::ONE / (half_power + F::HALF);
    (if x.abs() < F::of(0.625) { near } else { far }).copysign(x)
}

/// 1 / (1 + e⁻ˣ). With e⁻ˣ = 2ⁿ (1 + p), the sum below is 1 and what is small beside it: for n from 0 on, 2ⁿ is divided out.
#[inline(always)]
pub(crate) fn sigmoid<F: Float>(x: F) -> F {
    let [least, _] = F::OF_EXP;
    let (r, shifted) = reduced(between(-x, [least, -least]));
    let p = expm1_of_reduced(r);
    let [first, second] = F::powers(F::ROUNDING - (shifted - F::ROUNDING).abs());
    let power = first * second;
    let below = F::ONE + (power + if x < F::ZERO { p } else { power * p });
    if x < F::ZERO { first / below * second } else { F::ONE / below }
}

/// σ(x) σ(-x), the slope of the sigmoid, exact in its tails: eˣ / (1 + eˣ)², of the negative one of x and -x.
#[inline(always)]
pub(crate) fn slope_of_sigmoid<F: Float>(x: F) -> F {
    let power = exp(-x.abs());
    let sum = F::ONE + power;
    power / (sum * sum)
}
