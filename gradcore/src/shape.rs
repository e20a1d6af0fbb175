//! Shapes: what they are, how two of them broadcast, and which axes a caller meant.

use smallvec::SmallVec;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::{Error, or_refuse};

/// Sizes of the axes, outermost first. A clone is a handle; that of a scalar is nothing at all.
///
/// Without those of 0, the sizes of every shape multiply to at most `isize::MAX`, as in ndarray and NumPy. So no product of
/// some of them wraps, and neither does a place in row-major order.
#[derive(Clone, Default)]
pub(crate) struct Shape(Option<Arc<[usize]>>);

impl Shape {
    pub(crate) const SCALAR: Self = Shape(None);

    /// The shape with these sizes, for a tensor that an operation makes.
    pub(crate) fn new(operation: &'static str, sizes: &[usize]) -> Result<Self, Error> {
        let mut others = sizes.iter().filter(|size| **size != 0);
        let count = others.try_fold(1usize, |count, size| count.checked_mul(*size));
        match count.and_then(|count| isize::try_from(count).ok()) {
            Some(_) => Ok(Shape::from_parts(sizes)),
            None => Err(Error::Size { operation, shape: sizes.to_vec() }),
        }
    }

    /// As [`new`](Self::new), for an operation that cannot return an error.
    ///
    /// # Panics
    /// Panics if the sizes multiply to too much.
    #[track_caller]
    pub(crate) fn of(operation: &'static str, sizes: impl IntoIterator<Item = usize>) -> Self {
        let sizes: SmallVec<[usize; 4]> = sizes.into_iter().collect();
        or_refuse(Shape::new(operation, &sizes))
    }

    /// Sizes that stand in another shape, or are 1: these fit, since those do.
    fn from_parts(sizes: &[usize]) -> Self {
        Shape((!sizes.is_empty()).then(|| sizes.into()))
    }

    /// Number of elements.
    pub(crate) fn size(&self) -> usize {
        self.iter().product()
    }

    /// The shape to which both operands of an element-wise operation are stretched, as NumPy does it.
    pub(crate) fn broadcast(operation: &'static str, left: &[usize], right: &[usize]) -> Result<Self, Error> {
        let rank = left.len().max(right.len());
        let from_end = |shape: &[usize], k: usize| shape.len().checked_sub(k + 1).map_or(1, |i| shape[i]);
        let sizes = (0..rank).rev().map(|k| match (from_end(left, k), from_end(right, k)) {
            (l, r) if l == r => Some(l),
            (1, n) | (n, 1) => Some(n),
            _ => None,
        });
        match sizes.collect::<Option<SmallVec<[usize; 4]>>>() {
            Some(sizes) => Shape::new(operation, &sizes),
            None => Err(Error::Broadcast { operation, left: left.to_vec(), right: right.to_vec() }),
        }
    }

    /// The shape that is left when `axes` are reduced: each of them dropped, or kept with size 1.
    pub(crate) fn reduced(shape: &[usize], axes: &[usize], keepdims: bool) -> Self {
        let kept = shape.iter().enumerate().filter_map(|(k, &n)| match axes.contains(&k) {
            true => keepdims.then_some(1),
            false => Some(n),
        });
        Shape::from_parts(&kept.collect::<SmallVec<[usize; 4]>>())
    }

    /// The shape with its axes in another order.
    pub(crate) fn permuted(shape: &[usize], permutation: &[usize]) -> Self {
        Shape::from_parts(&permutation.iter().map(|&axis| shape[axis]).collect::<SmallVec<[usize; 4]>>())
    }

    /// The shape of one row of a tensor.
    pub(crate) fn of_rows(shape: &[usize]) -> Self {
        Shape::from_parts(shape.get(1..).unwrap_or_default())
    }
}

/// Compares with any slice of sizes. Empty ones, those of scalars, have no elements to compare, and to do so all the
/// same costs 200 ns on some processors (a masked load from an address that no page holds).
impl<S: AsRef<[usize]>> PartialEq<S> for Shape {
    #[inline]
    fn eq(&self, other: &S) -> bool {
        let (sizes, other) = (&**self, other.as_ref());
        sizes.len() == other.len() && (sizes.is_empty() || sizes == other)
    }
}

impl AsRef<[usize]> for Shape {
    #[inline]
    fn as_ref(&self) -> &[usize] {
        self
    }
}

impl Deref for Shape {
    type Target = [usize];
    #[inline]
    fn deref(&self) -> &[usize] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
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
pub(crate) fn axis_indices(
    operation: &'static str,
    axes: &[isize],
    shape: &[usize],
) -> Result<SmallVec<[usize; 4]>, Error> {
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
