//! Sums, maxima and minima along axes.

use std::ops::Range;

use ndarray::{ArrayViewD, Axis, IxDyn};

use crate::element::{Element, Number};
use crate::kernels::elementwise;

/// A shape seen as `outer × reduced × inner`, around axes that stand side by side.
#[derive(Clone, Copy)]
pub(crate) struct Blocks {
    outer: usize,
    reduced: usize,
    inner: usize,
}

impl Blocks {
    pub(crate) fn around(shape: &[usize], axes: &Range<usize>) -> Self {
        Blocks {
            outer: shape[..axes.start].iter().product(),
            reduced: shape[axes.clone()].iter().product(),
            inner: shape[axes.end..].iter().product(),
        }
    }
}

/// Folds `values` block by block, from `start`. `all` folds a slice, and `fold` adds a slice to the results so far.
fn reduce<T: Element>(
    values: &[T],
    Blocks { outer, reduced, inner }: Blocks,
    start: T,
    all: impl Fn(&[T]) -> T,
    fold: impl Fn(&mut [T], &[T]),
    out: &mut [T],
) {
    debug_assert_eq!(out.len(), outer * inner);
    if inner == 1 && reduced > 0 {
        out.iter_mut().zip(values.chunks_exact(reduced)).for_each(|(out, block)| *out = all(block));
        return;
    }
    out.fill(start);
    if inner > 0 && reduced > 0 {
        for (out, block) in out.chunks_exact_mut(inner).zip(values.chunks_exact(reduced * inner)) {
            block.chunks_exact(inner).for_each(|row| fold(out, row));
        }
    }
}

/// Sums of blocks.
pub(crate) fn sum<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    reduce(values, blocks, T::default(), sum_all, elementwise::add_assign, out);
}

/// Maxima of blocks; NaN where an element is NaN, the lowest value of an empty block.
pub(crate) fn max<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    let fold = |most: &mut [T], row: &[T]| most.iter_mut().zip(row).for_each(|(most, &x)| *most = greater_of(*most, x));
    reduce(values, blocks, T::LOWEST, max_all, fold, out);
}

/// Minima of blocks; NaN where an element is NaN, the highest value of an empty block.
pub(crate) fn min<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    let all = |block: &[T]| block.iter().fold(T::HIGHEST, |least, &x| lesser_of(least, x));
    let fold =
        |least: &mut [T], row: &[T]| least.iter_mut().zip(row).for_each(|(least, &x)| *least = lesser_of(*least, x));
    reduce(values, blocks, T::HIGHEST, all, fold, out);
}

/// The greatest element of a slice; NaN if one is, the lowest value if there is none.
pub(crate) fn max_all<T: Number>(values: &[T]) -> T {
    values.iter().fold(T::LOWEST, |most, &x| greater_of(most, x))
}

#[inline]
#[allow(clippy::eq_op, reason = "a NaN differs from itself")]
fn lesser_of<T: Number>(x: T, y: T) -> T {
    if x <= y || x != x { x } else { y }
}

#[inline]
#[allow(clippy::eq_op, reason = "a NaN differs from itself")]
fn greater_of<T: Number>(x: T, y: T) -> T {
    if x >= y || x != x { x } else { y }
}

/// The sum of a slice: of halves, and in the end in lanes, so that the error grows with the logarithm of the length.
fn sum_all<T: Number>(values: &[T]) -> T {
    const LANES: usize = 16;
    const BLOCK: usize = 1024;
    if values.len() > BLOCK {
        let (first, second) = values.split_at(values.len().div_ceil(2).next_multiple_of(LANES));
        return sum_all(first).plus(sum_all(second));
    }
    let mut lanes = [T::default(); LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(T::default(), |sum, &x| sum.plus(x));
    for chunk in chunks {
        elementwise::add_assign(&mut lanes, chunk);
    }
    lanes.iter().fold(rest, |sum, &x| sum.plus(x))
}

/// The greater of two elements with their places: the first if they are equal, any number rather than NaN.
#[allow(clippy::eq_op, reason = "a NaN differs from itself")]
fn greater_element<T: Element>(most: (usize, T), x: (usize, T)) -> (usize, T) {
    let is_nan = |element: T| element != element;
    if x.1 > most.1 || (is_nan(most.1) && !is_nan(x.1)) { x } else { most }
}

/// Places of the first greatest elements along an axis.
pub(crate) fn argmax<T: Element>(values: &[T], shape: &[usize], axis: usize, out: &mut [i64]) {
    let view = ArrayViewD::from_shape(IxDyn(shape), values).expect("as many values as the shape has elements");
    for (out, lane) in out.iter_mut().zip(view.lanes(Axis(axis))) {
        let first = (0, lane[0]);
        let (place, _) = lane.iter().copied().enumerate().skip(1).fold(first, greater_element);
        *out = i64::try_from(place).expect("an axis is shorter than 2^63");
    }
}
