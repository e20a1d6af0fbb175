//! The same elements under other shapes, stretched and summed.

use std::borrow::Borrow;

use super::options::{Permutation, Sizes};
use crate::element::{Element, Number};
use crate::error::{Error, or_refuse, refuse};
use crate::ops;
use crate::shape::Shape;
use crate::tensor::{Operand, Tensor};

/// x under another shape of equal size: integers, or another tensor's `shape()`. One size may be -1, and is what is left
/// over.
///
/// # Panics
/// Panics if the sizes do not multiply to that of x.
#[track_caller]
#[must_use]
pub fn reshape<T: Element>(x: impl Operand<T>, shape: impl Sizes) -> Tensor<T> {
    let (x, sizes) = (x.held(), shape.listed());
    let x = x.borrow();
    let Some(shape) = resolved(&sizes, x.size()) else {
        refuse(&Error::Argument {
            operation: "reshape",
            expected: format!(
                "a shape of {} elements, as `x` of shape {:?} has, with at most one -1",
                x.size(),
                x.shape()
            ),
            found: format!("{sizes:?}"),
        })
    };
    ops::reshape(x, &shape)
}

/// A shape of so many elements, in which -1 stands for what is left over.
///
/// # Panics
/// Panics if the sizes multiply to more than any shape has.
#[track_caller]
fn resolved(sizes: &[isize], count: usize) -> Option<Shape> {
    let is_open = |size: &&isize| **size == -1;
    let known = Shape::of("reshape", sizes.iter().filter_map(|&size| usize::try_from(size).ok())).size();
    let open = sizes.iter().filter(is_open).count();
    if open > 1 || sizes.iter().any(|size| *size < -1) || (open == 1 && known == 0) {
        return None;
    }
    let left_over = count.checked_div(known).unwrap_or(0);
    let shape = Shape::of("reshape", sizes.iter().map(|&size| usize::try_from(size).unwrap_or(left_over)));
    (shape.size() == count).then_some(shape)
}

/// x with its axes in reverse order (`..`), or in another: `transpose(x, perm([1, 0, 2]))`.
///
/// # Panics
/// Panics unless `perm` names each axis once.
#[track_caller]
#[must_use]
pub fn transpose<T: Element>(x: impl Operand<T>, options: impl Into<Permutation>) -> Tensor<T> {
    let (x, Permutation(axes)) = (x.held(), options.into());
    ops::transpose(x.borrow(), &ops::permutation(axes.as_deref(), x.borrow().shape()))
}

/// x stretched to a shape that it broadcasts to.
///
/// # Panics
/// Panics if it does not.
#[track_caller]
#[must_use]
pub fn broadcast_to<T: Number>(x: impl Operand<T>, shape: impl AsRef<[usize]>) -> Tensor<T> {
    ops::broadcast_to(x.held().borrow(), &or_refuse(Shape::new("broadcast_to", shape.as_ref())))
}

/// x summed to the shape of `like`, from which it was broadcast: what the gradient of a broadcast input needs.
///
/// # Panics
/// Panics if `like` does not broadcast to the shape of x.
///
/// ```
/// use gradcore::prelude::*;
///
/// let bias: Tensor = tf::constant([1.0, 2.0]);
/// let upstream: Tensor = tf::ones([3, 2]);
/// assert_eq!(tf::sum_to(upstream, bias).to_vec(), [3.0, 3.0]);
/// ```
#[track_caller]
#[must_use]
pub fn sum_to<T: Number>(x: impl Operand<T>, like: impl Operand<T>) -> Tensor<T> {
    ops::sum_to(x.held().borrow(), &like.held().borrow().shared_shape())
}
