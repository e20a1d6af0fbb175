//! Loops of a function of single elements, which reads each input and writes each output once.
//!
//! The function comes as a closure and is compiled into the loop, for each instruction set that `pulp` knows; the best
//! that the machine has is chosen when the loop runs. Every element is computed on its own and from its own place
//! alone, so the numbers are the same whatever the instruction set, the blocks and the threads.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

use std::array;
use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::element::Element;
use crate::threads;

/// Elements of a block: of an input that is stretched, it stays in the first-level cache.
const BLOCK: usize = if cfg!(miri) { 4 } else { 1024 };

/// From this many elements on, a loop is shared among threads. (Under miri everything is small, so that each path is taken.)
const SHARED_FROM: usize = 256 * BLOCK;
/// The least that a thread gets.
const SHARE: usize = 64 * BLOCK;

/// An input, stretched to the shape of the output.
#[derive(Clone, Copy)]
pub(crate) struct Stretched<'a, T> {
    values: &'a [T],
    shape: &'a [usize],
    target: &'a [usize],
}

impl<'a, T: Element> Stretched<'a, T> {
    /// `shape` broadcasts to `target`, whose size is not 0.
    pub(crate) fn new(values: &'a [T], shape: &'a [usize], target: &'a [usize]) -> Self {
        Stretched { values, shape, target }
    }

    /// (To compare empty slices may cost hundreds of nanoseconds; see [`Shape`](crate::shape::Shape).)
    fn is_dense(&self) -> bool {
        self.shape.len() == self.target.len() && self.shape.iter().eq(self.target)
    }

    /// Writes the elements from `start` on, in runs along the last axis.
    fn copy_to(&self, out: &mut [T], start: usize) {
        let run = self.target.last().copied().unwrap_or(1);
        let is_repeated = self.shape.last().is_none_or(|&size| size != run);
        let mut done = 0;
        while done < out.len() {
            let (place, column) = (start + done, (start + done) % run);
            let length = (run - column).min(out.len() - done);
            let out = &mut out[done..done + length];
            let first = self.first_of_run(place / run);
            match is_repeated {
                true => out.fill(self.values[first]),
                false => out.copy_from_slice(&self.values[first + column..first + column + length]),
            }
            done += length;
        }
    }

    /// The place among the values of the first element of a run.
    fn first_of_run(&self, mut run: usize) -> usize {
        let extra = self.target.len() - self.shape.len();
        let (mut place, mut stride) = (0, self.shape.last().copied().unwrap_or(1));
        for axis in (0..self.target.len().saturating_sub(1)).rev() {
            let index = run % self.target[axis];
            run /= self.target[axis];
            if let Some(&size) = axis.checked_sub(extra).and_then(|axis| self.shape.get(axis)) {
                place += if size == 1 { 0 } else { index * stride };
                stride *= size;
            }
        }
        place
    }
}

/// An input on its way through the loop, and the block of it that had to be written out because it is stretched.
struct Lane<'a, T> {
    input: Stretched<'a, T>,
    is_dense: bool,
    block: Vec<T>,
}

impl<'a, T: Element> Lane<'a, T> {
    fn new(input: Stretched<'a, T>) -> Self {
        let is_dense = input.is_dense();
        let block = match input.values {
            _ if is_dense => Vec::new(),
            [value] => vec![*value; BLOCK],
            _ => vec![T::NOTHING; BLOCK],
        };
        Lane { input, is_dense, block }
    }

    /// The elements in a range.
    #[inline]
    fn elements(&mut self, range: &Range<usize>) -> &[T] {
        if self.is_dense {
            return &self.input.values[range.clone()];
        }
        let block = &mut self.block[..range.len()];
        if self.input.values.len() != 1 {
            self.input.copy_to(block, range.start);
        }
        block
    }
}

/// What a loop reads: three groups of inputs, whose elements the function gets as three arrays.
#[derive(Clone, Copy)]
pub(crate) struct Operands<'a, T, const A: usize, const B: usize, const C: usize>(
    pub(crate) [Stretched<'a, T>; A],
    pub(crate) [Stretched<'a, T>; B],
    pub(crate) [Stretched<'a, T>; C],
);

impl<'a, T: Element, const A: usize, const B: usize, const C: usize> Operands<'a, T, A, B, C> {
    fn lanes(self) -> Lanes<'a, T, A, B, C> {
        Lanes(self.0.map(Lane::new), self.1.map(Lane::new), self.2.map(Lane::new))
    }
}

/// The inputs block by block.
struct Lanes<'a, T, const A: usize, const B: usize, const C: usize>(
    [Lane<'a, T>; A],
    [Lane<'a, T>; B],
    [Lane<'a, T>; C],
);

impl<T: Element, const A: usize, const B: usize, const C: usize> Lanes<'_, T, A, B, C> {
    fn are_dense(&self) -> bool {
        self.0.iter().chain(&self.1).chain(&self.2).all(|lane| lane.is_dense)
    }

    /// Writes what the function gives for a range of places, to every place of those of `outs` that are wanted.
    #[inline(always)]
    fn write<const O: usize>(
        &mut self,
        f: &impl Function<T, A, B, C, O>,
        wanted: u64,
        range: Range<usize>,
        mut outs: [&mut [MaybeUninit<T>]; O],
    ) {
        // Slices of one visible length need no check for each element.
        let length = range.len();
        let a = self.0.each_mut().map(|lane| &lane.elements(&range)[..length]);
        let b = self.1.each_mut().map(|lane| &lane.elements(&range)[..length]);
        let c = self.2.each_mut().map(|lane| &lane.elements(&range)[..length]);
        if wanted == u64::MAX || O == 1 {
            let mut outs = outs.each_mut().map(|out| &mut out[..length]);
            for k in 0..length {
                let values = f.at(u64::MAX, a.map(|a| a[k]), b.map(|b| b[k]), c.map(|c| c[k]));
                for (out, value) in outs.iter_mut().zip(values) {
                    out[k].write(value);
                }
            }
        } else {
            for k in 0..length {
                let values = f.at(wanted, a.map(|a| a[k]), b.map(|b| b[k]), c.map(|c| c[k]));
                for (_, (out, value)) in outs.iter_mut().zip(values).enumerate().filter(|(o, _)| wanted >> o & 1 != 0) {
                    out[k].write(value);
                }
            }
        }
    }
}

/// A function of single elements.
pub(crate) trait Function<T, const A: usize, const B: usize, const C: usize, const O: usize>: Sync {
    /// The values of the outputs. An output whose bit in `wanted` is 0 (bit `k` for the `k`th) may have any value.
    fn at(&self, wanted: u64, a: [T; A], b: [T; B], c: [T; C]) -> [T; O];

    /// Whether it calls functions that are no instructions, such as `exp`. To take vectors apart for each call and put
    /// them together again costs more than vectors save, so such a loop is compiled for the least instruction set.
    fn calls(&self) -> bool;
}

/// A loop: what it computes, of what, and which outputs.
struct Loop<'a, F, T, const A: usize, const B: usize, const C: usize> {
    f: &'a F,
    inputs: Operands<'a, T, A, B, C>,
    wanted: u64,
    arch: Arch,
}

impl<F, T: Copy, const A: usize, const B: usize, const C: usize> Clone for Loop<'_, F, T, A, B, C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F, T: Copy, const A: usize, const B: usize, const C: usize> Copy for Loop<'_, F, T, A, B, C> {}

/// A loop over a part of the places, into slices.
struct Fill<'a, 'o, F, T, const A: usize, const B: usize, const C: usize, const O: usize> {
    of: Loop<'a, F, T, A, B, C>,
    range: Range<usize>,
    outs: [&'o mut [MaybeUninit<T>]; O],
}

impl<F, T: Element, const A: usize, const B: usize, const C: usize, const O: usize> WithSimd
    for Fill<'_, '_, F, T, A, B, C, O>
where
    F: Function<T, A, B, C, O>,
{
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let Loop { f, inputs, wanted, .. } = self.of;
        let mut lanes = inputs.lanes();
        // Where nothing is stretched, there is nothing to write out block by block.
        let most = if lanes.are_dense() { self.range.len().max(1) } else { BLOCK };
        for start in self.range.clone().step_by(most) {
            let range = start..self.range.end.min(start + most);
            let length = range.len();
            let blocks = self.outs.each_mut().map(|out| {
                // Those that are not wanted are empty.
                let (block, rest) = std::mem::take(out).split_at_mut_checked(length).unwrap_or_default();
                *out = rest;
                block
            });
            lanes.write(f, wanted, range, blocks);
        }
    }
}

/// Halves a loop until each thread has its share.
fn share<F, T: Element, const A: usize, const B: usize, const C: usize, const O: usize>(
    of: Loop<'_, F, T, A, B, C>,
    range: Range<usize>,
    outs: [&mut [MaybeUninit<T>]; O],
) where
    F: Function<T, A, B, C, O>,
{
    if range.len() < 2 * SHARE {
        return of.arch.dispatch(Fill { of, range, outs });
    }
    let half = (range.len() / 2).next_multiple_of(BLOCK);
    let middle = range.start + half;
    let mut seconds = array::from_fn(|_| Default::default());
    let mut k = 0;
    let firsts = outs.map(|out| {
        let (first, second) = out.split_at_mut_checked(half).unwrap_or_default();
        seconds[k] = second;
        k += 1;
        first
    });
    rayon::join(|| share(of, range.start..middle, firsts), || share(of, middle..range.end, seconds));
}

/// Writes the outputs of a function for as many places as the outputs have; of those that are not in `wanted` (bit `k` for
/// the `k`th), nothing.
fn fill<F, T: Element, const A: usize, const B: usize, const C: usize, const O: usize>(
    f: &F,
    size: usize,
    inputs: Operands<'_, T, A, B, C>,
    wanted: u64,
    outs: [&mut [MaybeUninit<T>]; O],
) where
    F: Function<T, A, B, C, O>,
{
    let arch = if f.calls() { Arch::Scalar } else { Arch::new() };
    let of = Loop { f, inputs, wanted, arch };
    match size < SHARED_FROM {
        true => arch.dispatch(Fill { of, range: 0..size, outs }),
        false => threads::waiting(|| share(of, 0..size, outs)),
    }
}

/// As [`map`], over what stands in arrays.
///
/// # Panics
/// Panics if the arrays are shorter.
pub(crate) fn map_few<F, T: Element, const N: usize, const A: usize, const B: usize, const C: usize, const O: usize>(
    f: &F,
    size: usize,
    inputs: Operands<'_, T, A, B, C>,
    wanted: u64,
    outs: &mut [[T; N]; O],
) where
    F: Function<T, A, B, C, O>,
{
    let mut o = 0;
    let spaces = outs.each_mut().map(|out| {
        let length = if wanted >> o & 1 != 0 { size } else { 0 };
        o += 1;
        let out = &mut out[..length];
        // SAFETY: what holds a number holds what may be none, and `fill` writes numbers alone.
        unsafe { &mut *(std::ptr::from_mut(out) as *mut [MaybeUninit<T>]) }
    });
    fill(f, size, inputs, wanted, spaces);
}

/// Writes the outputs of a function for `size` places into vectors that have room for them; of those that are not in
/// `wanted` (bit `k` for the `k`th), nothing.
///
/// # Panics
/// Panics if a vector that is wanted is not empty, or has less room.
pub(crate) fn map<F, T: Element, const A: usize, const B: usize, const C: usize, const O: usize>(
    f: &F,
    size: usize,
    inputs: Operands<'_, T, A, B, C>,
    wanted: u64,
    outs: &mut [Vec<T>; O],
) where
    F: Function<T, A, B, C, O>,
{
    let is_wanted = |o: usize| wanted >> o & 1 != 0;
    let mut o = 0;
    let spaces = outs.each_mut().map(|out| {
        let length = if is_wanted(o) { size } else { 0 };
        assert!(length == 0 || out.is_empty(), "an output is written from its beginning");
        o += 1;
        &mut out.spare_capacity_mut()[..length]
    });
    fill(f, size, inputs, wanted, spaces);
    for (_, out) in outs.iter_mut().enumerate().filter(|(o, _)| is_wanted(*o)) {
        // SAFETY: the vector was empty and has space for `size` elements (both checked above), and the loop has written each
        // of them: the ranges of `share` and the blocks of `Fill` cover `0..size`, and `Lanes::write` writes every place of
        // every wanted output.
        unsafe { out.set_len(size) };
    }
}
