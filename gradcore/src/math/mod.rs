//! Elementary functions of `f32` and `f64`, without tables and without branches, so that any loop that calls them becomes
//! one of vectors. Dense operations, the bodies of `elementwise` functions and [`Real`](crate::Real) share them.
//!
//! Sums and products are rounded each on its own and never fused, so the bits are the same on every instruction set.
//! Errors, in units in the last place of the result: at most 2, of `pow`, `tan` and `erfc` at most 4. `tests` measures them
//! against values of higher precision, and `every_float` at every number. The coefficients come from `polynomials.sollya`.

#![allow(clippy::inline_always, reason = "what is left as a call keeps a loop from being one of vectors")]

mod circular;
mod error;
#[cfg(all(test, not(miri)))]
mod every_float;
mod exponential;
mod float;
mod logarithm;
mod power;
mod quotient;
#[cfg(test)]
mod tests;

pub(crate) use circular::{cos, is_near, near, sin, tan};
pub(crate) use error::{erf, erfc};
pub(crate) use exponential::{exp, expm1, sigmoid, slope_of_sigmoid, tanh};
pub(crate) use logarithm::{log, log1p, softplus};
pub(crate) use power::{Power, rsqrt};
pub(crate) use quotient::Quotient;
