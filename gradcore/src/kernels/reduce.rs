//! Sums, maxima and minima along axes.

#![allow(clippy::inline_always, reason = "what is left as a call keeps a loop from being one of vectors")]

use std::ops::Range;

use ndarray::{ArrayViewD, Axis, IxDyn};
use smallvec::SmallVec;

use super::elementwise;
use super::loops::{self, BLOCK, Body, SHARED_FROM};
use crate::element::{Element, Number};
use crate::threads;

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

/// A function of two elements that may fold many in any order.
trait Fold<T>: Fn(T, T) -> T + Copy + Sync {}
impl<T, F: Fn(T, T) -> T + Copy + Sync> Fold<T> for F {}

/// Elements that are folded side by side.
const LANES: usize = 64;
/// Rows that are folded one after the other, before they are folded with other such rows.
const ROWS: usize = 16;
/// Columns that are folded at once.
const COLUMNS: usize = 128;

/// Folds as a binary counter counts, so that rounding errors grow with the logarithm of the count: what is folded of as many
/// parts is folded with each other.
struct Counter<P> {
    folded: SmallVec<[P; 8]>,
    count: usize,
}

impl<P> Counter<P> {
    #[inline(always)]
    fn new() -> Self {
        Counter { folded: SmallVec::new(), count: 0 }
    }

    /// Takes the next part.
    #[inline(always)]
    fn take(&mut self, mut part: P, fold: impl Fn(P, P) -> P) {
        for _ in 0..self.count.trailing_ones() {
            if let Some(before) = self.folded.pop() {
                part = fold(before, part);
            }
        }
        self.count += 1;
        self.folded.push(part);
    }

    /// What all parts give.
    #[inline(always)]
    fn whole(mut self, fold: impl Fn(P, P) -> P) -> Option<P> {
        let mut whole = self.folded.pop()?;
        while let Some(before) = self.folded.pop() {
            whole = fold(before, whole);
        }
        Some(whole)
    }
}

/// Folds up to a block of elements: in lanes, and these in halves.
#[inline(always)]
fn fold_block<T: Element>(values: &[T], start: T, f: impl Fold<T>) -> T {
    let mut lanes = [start; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = f(*lane, x));
    }
    let rest = rest.iter().fold(start, |folded, &x| f(folded, x));
    if chunks.is_empty() {
        return rest;
    }
    let mut width = LANES / 2;
    while width > 0 {
        let (first, second) = lanes.split_at_mut(width);
        first.iter_mut().zip(second).for_each(|(first, second)| *first = f(*first, *second));
        width /= 2;
    }
    f(lanes[0], rest)
}

/// Folds a slice that one thread takes.
#[inline(always)]
fn fold_blocks<T: Element>(values: &[T], start: T, f: impl Fold<T>) -> T {
    if values.len() <= BLOCK {
        return fold_block(values, start, f);
    }
    let mut counter = Counter::new();
    values.chunks(BLOCK).for_each(|block| counter.take(fold_block(block, start, f), f));
    counter.whole(f).unwrap_or(start)
}

/// Folds a slice, shared among threads where it is long.
fn fold_all<T: Element>(values: &[T], start: T, f: impl Fold<T>) -> T {
    if values.len() < SHARED_FROM {
        return loops::on_vectors(|| fold_blocks(values, start, f));
    }
    let (first, second) = values.split_at((values.len() / 2).next_multiple_of(BLOCK));
    let (first, second) = rayon::join(|| fold_all(first, start, f), || fold_all(second, start, f));
    f(first, second)
}

/// Blocks of elements, and how they are folded.
struct Folded<'a, T, F> {
    values: &'a [T],
    blocks: Blocks,
    start: T,
    f: F,
}

impl<T: Element, F: Fold<T>> Folded<'_, T, F> {
    /// Folds some columns of a block of rows.
    #[inline(always)]
    fn columns(&self, block: usize, column: usize, out: &mut [T]) {
        let Blocks { reduced, inner, .. } = self.blocks;
        let rows = &self.values[block * reduced * inner..][..reduced * inner];
        let mut counter = Counter::new();
        let fold = |mut before: [T; COLUMNS], part: [T; COLUMNS]| {
            before.iter_mut().zip(&part).for_each(|(before, part)| *before = (self.f)(*before, *part));
            before
        };
        for rows in rows.chunks(ROWS * inner) {
            let mut folded = [self.start; COLUMNS];
            for row in rows.chunks_exact(inner) {
                let row = &row[column..][..out.len()];
                folded.iter_mut().zip(row).for_each(|(folded, &x)| *folded = (self.f)(*folded, x));
            }
            counter.take(folded, fold);
        }
        match counter.whole(fold) {
            Some(whole) => out.copy_from_slice(&whole[..out.len()]),
            None => out.fill(self.start),
        }
    }
}

impl<T: Element, F: Fold<T>> Body<&mut [T]> for Folded<'_, T, F> {
    #[inline(always)]
    fn fill(&self, range: Range<usize>, mut out: &mut [T]) {
        let Blocks { reduced, inner, .. } = self.blocks;
        if inner == 1 {
            for (out, block) in out.iter_mut().zip(range) {
                *out = fold_blocks(&self.values[block * reduced..][..reduced], self.start, self.f);
            }
            return;
        }
        let mut place = range.start;
        while place < range.end {
            let (block, column) = (place / inner, place % inner);
            let width = (inner - column).min(COLUMNS).min(range.end - place);
            self.columns(block, column, out.split_off_mut(..width).unwrap_or_default());
            place += width;
        }
    }

    fn weight(&self) -> usize {
        self.blocks.reduced
    }
}

/// Folds `values` block by block, from `start`.
fn reduce<T: Element>(values: &[T], blocks: Blocks, start: T, f: impl Fold<T>, out: &mut [T]) {
    debug_assert_eq!(out.len(), blocks.outer * blocks.inner);
    match out {
        [] => {}
        [all] => *all = threads::waiting(|| fold_all(values, start, f)),
        out => loops::run(&Folded { values, blocks, start, f }, out.len(), out),
    }
}

/// Sums of blocks.
pub(crate) fn sum<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    reduce(values, blocks, T::default(), T::plus, out);
}

/// As [`sum`], of gradients: what is made of zeros of choice alone is one.
pub(crate) fn sum_of_choices<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    reduce(values, blocks, T::NO_CHOICE, T::plus, out);
}

/// Maxima of blocks; NaN where an element is NaN, the lowest value of an empty block.
pub(crate) fn max<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    reduce(values, blocks, T::LOWEST, elementwise::maximum, out);
}

/// Minima of blocks; NaN where an element is NaN, the highest value of an empty block.
pub(crate) fn min<T: Number>(values: &[T], blocks: Blocks, out: &mut [T]) {
    reduce(values, blocks, T::HIGHEST, elementwise::minimum, out);
}

/// The greatest element of a row; NaN if one is, the lowest value if there is none.
#[inline(always)]
pub(super) fn max_of_row<T: Number>(row: &[T]) -> T {
    fold_block(row, T::LOWEST, elementwise::maximum)
}

/// The sum of a row.
#[inline(always)]
pub(super) fn sum_of_row<T: Number>(row: &[T]) -> T {
    fold_blocks(row, T::default(), T::plus)
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
