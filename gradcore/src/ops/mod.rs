//! The operations, each a `#[custom_gradient(linear)]` function: formula, forward, `grad`, the pair. A few are made of others.
//! `linear` says that `grad` is known to be linear in the upstream gradient, which forward mode then need not try; it is
//! private to this crate. The operators of Rust stand among the operations, since a `grad` is written with them: the
//! derivative of a product has products.
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
mod linalg;
mod math;
mod nn;
mod norms;
mod operators;
mod parts;
mod reduction;
mod selection;
mod shaping;

pub(crate) use arithmetic::{abs, add, add_n, divide, divide_no_nan, multiply, negative, sign, square, subtract};
pub(crate) use comparison::{
    equal, greater, greater_equal, less, less_equal, logical_and, logical_not, logical_or, not_equal,
};
pub(crate) use dtype::cast;
pub(crate) use linalg::matmul;
pub(crate) use math::{ceil, cos, exp, floor, log, log1p, pow, round, sigmoid, sin, sqrt, tan, tanh};
pub(crate) use nn::{elu, log_softmax, relu, softmax, softplus, sparse_softmax_cross_entropy_with_logits, swish};
pub(crate) use norms::{clip_by_norm, norm, within};
pub use operators::{
    CompareLeft, CompareRight, Equal, EquateScalars, Greater, GreaterEqual, Less, LessEqual, NotEqual, OrderScalars,
};
pub(crate) use parts::{concat, gather, pad, slice, stack};
pub(crate) use reduction::{argmax, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum};
pub(crate) use selection::{clip_by_value, maximum, minimum, where_};
pub use shaping::UNDO_BROADCAST;
pub(crate) use shaping::{broadcast_to, identity, permutation, reshape, stop_gradient, sum_to, transpose};
