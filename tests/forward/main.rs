//! Forward mode: accumulators, and what they say of rules.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod accumulators;
mod rules;
