//! Loops of a function of single elements, which reads each input and writes each output once.
//!
//! The function comes as a closure and is compiled into the loop.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::loops::{self, Blocks, Body, Stretched};
use crate::element::Element;

/// What a loop reads: three groups of inputs, whose elements the function gets as three arrays.
#[derive(Clone, Copy)]
pub(crate) struct Operands<'a, T, const A: usize, const B: usize, const C: usize>(
    pub(crate) [Stretched<'a, T>; A],
    pub(crate) [Stretched<'a, T>; B],
    pub(crate) [Stretched<'a, T>; C],
);

/// A function of single elements.
pub(crate) trait Function<T, const A: usize, const B: usize, const C: usize, const O: usize>: Sync {
    /// The values of the outputs. An output whose bit in `wanted` is 0 (bit `k` for the `k`th) may have any value.
    fn at(&self, wanted: u64, a: [T; A], b: [T; B], c: [T; C]) -> [T; O];

    /// As [`Body::calls`].
    fn calls(&self) -> bool;
}

/// A loop: what it computes, of what, and which outputs.
struct Loop<'a, F, T, const A: usize, const B: usize, const C: usize> {
    f: &'a F,
    inputs: Operands<'a, T, A, B, C>,
    wanted: u64,
}

impl<F, T: Element, const A: usize, const B: usize, const C: usize, const O: usize> Body<[&mut [MaybeUninit<T>]; O]>
    for Loop<'_, F, T, A, B, C>
where
    F: Function<T, A, B, C, O>,
{
    #[inline(always)]
    fn fill(&self, range: Range<usize>, mut outs: [&mut [MaybeUninit<T>]; O]) {
        let Operands(a, b, c) = self.inputs;
        let mut blocks = Blocks::of(range);
        a.iter().for_each(|input| blocks.suit(input));
        b.iter().for_each(|input| blocks.suit(input));
        c.iter().for_each(|input| blocks.suit(input));
        let (mut a, mut b, mut c) = (a.map(|x| blocks.lane(x)), b.map(|x| blocks.lane(x)), c.map(|x| blocks.lane(x)));
        for range in blocks.ranges() {
            let length = range.len();
            // Slices of one visible length need no check for each element.
            let a = a.each_mut().map(|lane| &lane.elements(&range)[..length]);
            let b = b.each_mut().map(|lane| &lane.elements(&range)[..length]);
            let c = c.each_mut().map(|lane| &lane.elements(&range)[..length]);
            // Those that are not wanted are empty.
            let mut outs = outs.each_mut().map(|out| out.split_off_mut(..length).unwrap_or_default());
            if self.wanted == u64::MAX || O == 1 {
                let mut outs = outs.each_mut().map(|out| &mut out[..length]);
                for k in 0..length {
                    let values = self.f.at(u64::MAX, a.map(|a| a[k]), b.map(|b| b[k]), c.map(|c| c[k]));
                    for (out, value) in outs.iter_mut().zip(values) {
                        out[k].write(value);
                    }
                }
            } else {
                for k in 0..length {
                    let values = self.f.at(self.wanted, a.map(|a| a[k]), b.map(|b| b[k]), c.map(|c| c[k]));
                    let wanted = |o: usize| self.wanted >> o & 1 != 0;
                    for (_, (out, value)) in outs.iter_mut().zip(values).enumerate().filter(|(o, _)| wanted(*o)) {
                        out[k].write(value);
                    }
                }
            }
        }
    }

    fn calls(&self) -> bool {
        self.f.calls()
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
        // SAFETY: what holds a number holds what may be none, and `Loop::fill` writes numbers alone.
        unsafe { &mut *(std::ptr::from_mut(out) as *mut [MaybeUninit<T>]) }
    });
    loops::run(&Loop { f, inputs, wanted }, size, spaces);
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
    loops::run(&Loop { f, inputs, wanted }, size, spaces);
    for (_, out) in outs.iter_mut().enumerate().filter(|(o, _)| is_wanted(*o)) {
        // SAFETY: the vector was empty and has space for `size` elements (both checked above), and the loop has written each
        // of them: the ranges of `loops::run` and the blocks of `Loop::fill` cover `0..size`, and every place of every wanted
        // output is written.
        unsafe { out.set_len(size) };
    }
}
