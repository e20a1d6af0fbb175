//! The error function and its complement.

use super::exponential::{expm1_of_reduced, reduced};
use super::float::{Float, between, polynomial};

/// 1 - erf(x) for x from 0 on, by e^(-x²) times what changes slowly.
#[inline(always)]
fn erfc_of_positive<F: Float>(x: F) -> F {
    let x = between(x, [F::ZERO, F::MOST_OF_ERFC]);
    let head = x.head();
    let (r, shifted) = reduced(-head * head);
    let power = F::ONE + expm1_of_reduced(r - (x - head) * (x + head));
    let slow = polynomial((x - F::MIDDLE_OF_ERFC) / (x + F::MIDDLE_OF_ERFC), F::ERFC) / (F::ONE + F::TWO * x);
    let [first, second] = F::powers(shifted);
    power * slow * first * second
}

/// Where the one polynomial ends and the other begins.
const NEAR: f64 = 0.75;

/// erf(x) for x up to [`NEAR`].
#[inline(always)]
fn near_erf<F: Float>(x: F) -> F {
    x + x * polynomial(x * x, F::ERF)
}

/// 1 - erf(x), exact where erf(x) is near 1.
#[inline(always)]
pub(crate) fn erfc<F: Float>(x: F) -> F {
    let y = erfc_of_positive(x.abs());
    let far = if x < F::ZERO { F::TWO - y } else { y };
    if x.abs() < F::of(NEAR) { F::ONE - near_erf(x) } else { far }
}

/// 2 / √π times the integral of e^(-t²) from 0 to x.
#[inline(always)]
pub(crate) fn erf<F: Float>(x: F) -> F {
    let far = (F::ONE - erfc_of_positive(x.abs())).copysign(x);
    if x.abs() < F::of(NEAR) { near_erf(x) } else { far }
}
