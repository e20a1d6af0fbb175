//! Functions that transform functions: their numbers, how they compose, and what they refuse.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

#[allow(dead_code, reason = "no number here is compared in proportion")]
#[path = "../common/mod.rs"]
mod common;

mod auxiliary;
mod compositions;
mod forms;
mod independence;
mod perturbations;
mod refusals;
mod rules;
mod second;
