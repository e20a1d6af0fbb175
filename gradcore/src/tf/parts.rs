//! Parts of tensors, tensors made of parts, and axes of size 1.

use std::borrow::Borrow;

use super::indices::Indices;
use super::lists::{all_held, expect_alike};
use super::options::{Axes, Sizes};
use crate::buffers;
use crate::element::{Element, Integer, Number};
use crate::error::{Error, or_refuse, refuse};
use crate::ops;
use crate::shape::{Shape, axis_index};
use crate::tensor::{Operand, Tensor};

/// The slices of x at the places `indices` along an axis, the first (`..`) or another: `gather(x, [0, 2], axis(1))`. The
/// axis is replaced by those of `indices`.
///
/// # Panics
/// Panics if x is a scalar, the axis is out of range, or an index is.
#[track_caller]
#[must_use]
pub fn gather<T: Number>(x: impl Operand<T>, indices: impl Indices, options: impl Into<Axes>) -> Tensor<T> {
    let (x, indices, axes) = (x.held(), indices.held(), options.into());
    let (x, indices) = (x.borrow(), indices.borrow());
    let axis = match axes.axes {
        None => checked("gather", 0, x.shape()),
        Some(_) => axes.only_one("gather", x.shape()),
    };
    let picked = ops::gather(x, &picks(indices, x.shape()[axis]), axis);
    let (before, after) = (&x.shape()[..axis], &x.shape()[axis + 1..]);
    ops::reshape(&picked, &Shape::of("gather", [before, indices.shape(), after].concat()))
}

/// Indices into an axis of so many elements.
#[track_caller]
fn picks<I: Integer>(indices: &Tensor<I>, size: usize) -> Vec<usize> {
    let pick = |index: &I| match index.index_below(size) {
        Some(pick) => pick,
        None => refuse(&Error::Argument {
            operation: "gather",
            expected: format!("`indices` from 0 to {size} (exclusive)"),
            found: index.to_string(),
        }),
    };
    let mut picks = buffers::reserved("gather", &indices.shared_shape());
    picks.extend(indices.values().iter().map(pick));
    picks
}

#[track_caller]
fn checked(operation: &'static str, axis: isize, shape: &[usize]) -> usize {
    or_refuse(axis_index(operation, axis, shape))
}

/// The block of x that begins at the index `begin` and has the sizes `size`, of which -1 reaches to the end.
///
/// # Panics
/// Panics unless both name each axis, and the block lies within x.
#[track_caller]
#[must_use]
pub fn slice<T: Element>(x: impl Operand<T>, begin: impl Sizes, size: impl Sizes) -> Tensor<T> {
    let (x, begin, size) = (x.held(), begin.listed(), size.listed());
    let x = x.borrow();
    let Some((begin, shape)) = block(x.shape(), &begin, &size) else {
        refuse(&Error::Argument {
            operation: "slice",
            expected: format!("`begin` and `size` of a block within shape {:?}", x.shape()),
            found: format!("{begin:?} and {size:?}"),
        })
    };
    ops::slice(x, &begin, &shape)
}

/// Where a block begins and what shape it has, if it lies within `shape`.
fn block(shape: &[usize], begin: &[isize], size: &[isize]) -> Option<(Vec<usize>, Shape)> {
    if begin.len() != shape.len() || size.len() != shape.len() {
        return None;
    }
    let begin: Vec<usize> = begin.iter().map(|&first| usize::try_from(first).ok()).collect::<Option<_>>()?;
    let sizes = shape.iter().zip(&begin).zip(size).map(|((&whole, first), &size)| {
        let left = whole.checked_sub(*first)?;
        let size = if size == -1 { left } else { usize::try_from(size).ok()? };
        (size <= left).then_some(size)
    });
    let sizes: Vec<usize> = sizes.collect::<Option<_>>()?;
    // A block has no size above that of the whole.
    Some((begin, Shape::new("slice", &sizes).ok()?))
}

/// x with zeros around it: a pair for each axis, how many before and how many after.
///
/// # Panics
/// Panics unless there is a pair for each axis.
#[track_caller]
#[must_use]
pub fn pad<T: Element>(x: impl Operand<T>, paddings: impl AsRef<[[usize; 2]]>) -> Tensor<T> {
    let (x, paddings) = (x.held(), paddings.as_ref());
    let x = x.borrow();
    if paddings.len() != x.rank() {
        refuse(&Error::Argument {
            operation: "pad",
            expected: format!("`paddings` to have a pair for each axis of shape {:?}", x.shape()),
            found: format!("{paddings:?}"),
        });
    }
    let begin: Vec<usize> = paddings.iter().map(|[before, _]| *before).collect();
    let sizes = x.shape().iter().zip(paddings);
    let sizes = sizes.map(|(size, [before, after])| size.saturating_add(*before).saturating_add(*after));
    ops::pad(x, &begin, &Shape::of("pad", sizes))
}

/// Tensors one after the other along an axis.
///
/// # Panics
/// Panics if there are none, their shapes differ along another axis, or the axis is out of range.
#[track_caller]
#[must_use]
pub fn concat<T: Element, X: Operand<T>>(values: impl IntoIterator<Item = X>, axis: isize) -> Tensor<T> {
    let values = all_held("concat", values);
    let axis = checked("concat", axis, values[0].shape());
    expect_alike("concat", &values, Some(axis));
    ops::concat("concat", &values.iter().collect::<Vec<_>>(), axis)
}

/// Tensors of one shape along a new axis.
///
/// # Panics
/// Panics if there are none, their shapes differ, or the axis is out of range.
#[track_caller]
#[must_use]
pub fn stack<T: Element, X: Operand<T>>(values: impl IntoIterator<Item = X>, axis: isize) -> Tensor<T> {
    let values = all_held("stack", values);
    expect_alike("stack", &values, None);
    let axis = checked("stack", axis, &[values[0].shape(), &[1]].concat());
    let mut shape = values[0].shape().to_vec();
    shape.insert(axis, 1);
    let shape = Shape::of("stack", shape);
    let rows: Vec<Tensor<T>> = values.iter().map(|x| ops::reshape(x, &shape)).collect();
    ops::concat("stack", &rows.iter().collect::<Vec<_>>(), axis)
}

/// x with a further axis of size 1, which is `axis` in the result.
///
/// # Panics
/// Panics if the axis is out of range.
#[track_caller]
#[must_use]
pub fn expand_dims<T: Element>(x: impl Operand<T>, axis: isize) -> Tensor<T> {
    let x = x.held();
    let mut shape = x.borrow().shape().to_vec();
    shape.push(1);
    let axis = checked("expand_dims", axis, &shape);
    shape[axis..].rotate_right(1);
    ops::reshape(x.borrow(), &Shape::of("expand_dims", shape))
}

/// x without its axes of size 1 (`..`), or without one or several of them: `squeeze(x, axis(0))`.
///
/// # Panics
/// Panics if an axis is out of range, named twice, or of another size.
#[track_caller]
#[must_use]
pub fn squeeze<T: Element>(x: impl Operand<T>, axes: impl Into<Axes>) -> Tensor<T> {
    let (x, axes) = (x.held(), axes.into());
    let x = x.borrow();
    let ones = || (0..x.rank()).filter(|&k| x.shape()[k] == 1).collect::<Vec<_>>();
    let dropped = if axes.axes.is_some() { axes.all_of("squeeze", x.shape()) } else { ones() };
    if dropped.iter().any(|&k| x.shape()[k] != 1) {
        refuse(&Error::Argument {
            operation: "squeeze",
            expected: format!("axes of size 1 in shape {:?}", x.shape()),
            found: format!("{dropped:?}"),
        });
    }
    ops::reshape(x, &Shape::reduced(x.shape(), &dropped, false))
}

/// For each index a row of `depth` elements, 1 at the index and 0 elsewhere; all 0 for an index that is no place in it.
///
/// ```
/// use gradcore::prelude::*;
///
/// let rows: Tensor = tf::one_hot([0, 2, 3], 3);
/// assert_eq!(rows.to_string(), "[[1.0, 0.0, 0.0],\n [0.0, 0.0, 1.0],\n [0.0, 0.0, 0.0]]");
/// ```
/// # Panics
/// Panics if no tensor can have the shape that comes out, or memory for it cannot be had.
#[track_caller]
#[must_use]
pub fn one_hot<T: Number>(indices: impl Indices, depth: usize) -> Tensor<T> {
    let indices = indices.held();
    let indices = indices.borrow();
    let shape = Shape::of("one_hot", indices.shape().iter().copied().chain([depth]));
    let mut values = buffers::zeros("one_hot", &shape);
    for (row, index) in values.chunks_exact_mut(depth.max(1)).zip(indices.values()) {
        index.index_below(depth).into_iter().for_each(|place| row[place] = T::ONE);
    }
    Tensor::computed(shape, values)
}
