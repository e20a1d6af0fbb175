//! The operations, each a `#[custom_gradient]` function: formula, forward, `grad`, the pair.
//!
//! To add one:
//!
//! 1. Write its loop in `kernels/`, if none there does it.
//! 2. Write the function in the file of its kind, with `#[track_caller]`, so that a panic shows the caller.
//! 3. Re-export it in `tf/`, with TensorFlow's name and argument conventions.
//! 4. Add it to `tests/gradients.rs`, which holds it against finite differences.

mod apply;
mod arithmetic;
mod comparison;
mod dtype;
mod joining;
mod linalg;
mod math;
mod nn;
mod reduction;
mod selection;
mod shaping;

pub(crate) use arithmetic::{abs, add, divide, maximum, minimum, multiply, negative, sign, square, subtract};
pub(crate) use comparison::{
    equal, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or, not_equal,
};
pub(crate) use dtype::cast;
pub(crate) use joining::stack;
pub(crate) use linalg::matmul;
pub(crate) use math::{exp, log, log1p, round, sigmoid, sqrt, tanh};
pub(crate) use nn::{log_softmax, relu, softmax, sparse_softmax_cross_entropy_with_logits};
pub(crate) use reduction::{argmax, reduce_max, reduce_mean, reduce_sum};
pub(crate) use selection::{clip_by_value, where_};
pub use shaping::UNDO_BROADCAST;
pub(crate) use shaping::{broadcast_to, identity, permutation, reshape, stop_gradient, sum_to, transpose};
