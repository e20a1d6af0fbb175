//! Shapes: what they are, how two of them broadcast, and which axes a caller meant.

use smallvec::SmallVec;
use std::fmt;
use std::ops::Deref;

use crate::error::Error;

/// Sizes of the axes, outermost first; empty for a scalar. Up to four axes need no allocation.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Shape(SmallVec<[usize; 4]>);

impl Shape {
    /// Number of elements.
    pub(crate) fn size(&self) -> usize {
        self.iter().product()
    }

    /// The shape to which both operands of an element-wise operation are stretched, as NumPy does it.
    pub(crate) fn broadcast(operation: &'static str, left: &[usize], right: &[usize]) -> Result<Self, Error> {
        let rank = left.len().max(right.len());
        let from_end = |shape: &[usize], k: usize| shape.len().checked_sub(k + 1).map_or(1, |i| shape[i]);
        (0..rank)
            .rev()
            .map(|k| match (from_end(left, k), from_end(right, k)) {
                (l, r) if l == r => Some(l),
                (1, n) | (n, 1) => Some(n),
                _ => None,
            })
            .collect::<Option<SmallVec<_>>>()
            .map(Shape)
            .ok_or_else(|| Error::Broadcast { operation, left: left.to_vec(), right: right.to_vec() })
    }

    /// The shape that is left when `axes` are reduced: each of them dropped, or kept with size 1.
    pub(crate) fn reduced(shape: &[usize], axes: &[usize], keepdims: bool) -> Self {
        let kept = shape.iter().enumerate().filter_map(|(k, &n)| match axes.contains(&k) {
            true => keepdims.then_some(1),
            false => Some(n),
        });
        Shape(kept.collect())
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        Shape(SmallVec::from_slice(sizes))
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(sizes: I) -> Self {
        Shape(sizes.into_iter().collect())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Turns an axis counted from either end into its index.
pub(crate) fn axis_index(operation: &'static str, axis: isize, shape: &[usize]) -> Result<usize, Error> {
    let rank = shape.len().cast_signed();
    let index = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&index) {
        Ok(index.cast_unsigned())
    } else {
        Err(Error::Axis { operation, axis, problem: "is out of range", shape: shape.to_vec() })
    }
}

/// Turns axes counted from either end into increasing indices; refuses one named twice.
pub(crate) fn axis_indices(operation: &'static str, axes: &[isize], shape: &[usize]) -> Result<SmallVec<[usize; 4]>, Error> {
    let mut indices = SmallVec::new();
    for &axis in axes {
        let index = axis_index(operation, axis, shape)?;
        if indices.contains(&index) {
            return Err(Error::Axis { operation, axis, problem: "is named twice", shape: shape.to_vec() });
        }
        indices.push(index);
    }
    indices.sort_unstable();
    Ok(indices)
}
