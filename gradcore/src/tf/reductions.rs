//! Operations that leave out axes.

use std::borrow::Borrow;

use super::lists;
use super::options::Axes;
use crate::element::{Element, Number};
use crate::error::{Error, refuse};
use crate::ops;
use crate::tensor::{Operand, Tensor};

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        ///
        /// # Panics
        /// Panics if an axis is out of range or named twice.
        #[track_caller]
        #[must_use]
        pub fn $name<T: Number>(x: impl Operand<T>, axes: impl Into<Axes>) -> Tensor<T> {
            let (x, axes) = (x.held(), axes.into());
            let x = x.borrow();
            ops::$name(x, &axes.all_of(stringify!($name), x.shape()), axes.keepdims)
        }
    )+ };
}
reductions! {
    /// Σ x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`.
    reduce_sum
    /// The mean of x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`.
    reduce_mean
    /// The greatest element along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. Where several
    /// are greatest the gradient is split evenly.
    reduce_max
    /// The least element along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. Where several are
    /// least the gradient is split evenly.
    reduce_min
    /// The product of x along axes: `..` for all, or `axis(1)`, `axis([0, 1]).keepdims(true)`. The gradient is right
    /// where elements are 0, at every order.
    reduce_prod
}

/// The sum of tensors of one shape.
///
/// # Panics
/// Panics if there are none, or the shapes differ.
#[track_caller]
#[must_use]
pub fn add_n<T: Number, X: Operand<T>>(inputs: impl IntoIterator<Item = X>) -> Tensor<T> {
    let inputs = lists::all_held("add_n", inputs);
    lists::expect_alike("add_n", &inputs, None);
    ops::add_n(&inputs.iter().collect::<Vec<_>>())
}

/// The place of the first greatest element along an axis: `argmax(x, axis(1))`.
///
/// # Panics
/// Panics if the axis is out of range or empty, or several are named.
#[track_caller]
#[must_use]
pub fn argmax<T: Element>(x: impl Operand<T>, axis: impl Into<Axes>) -> Tensor<i64> {
    let (x, axis) = (x.held(), axis.into());
    let x = x.borrow();
    let axis = axis.only_one("argmax", x.shape());
    if x.shape()[axis] == 0 {
        refuse(&Error::Argument {
            operation: "argmax",
            expected: format!("elements along axis {axis}"),
            found: format!("shape {:?}", x.shape()),
        });
    }
    ops::argmax(x, axis)
}
