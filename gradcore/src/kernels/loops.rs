//! How loops run: over inputs that are stretched, on the vectors of the machine, shared among threads.
//!
//! A loop is compiled for each instruction set that `pulp` knows, and the best that the machine has is chosen when it runs.
//! Every element is computed on its own and from its own place alone, so the numbers are the same whatever the instruction
//! set, the blocks and the threads.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

use std::array;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use crate::element::Element;
use crate::threads;

/// Elements of a block: of an input that is stretched, it stays in the first-level cache.
pub(super) const BLOCK: usize = if cfg!(miri) { 4 } else { 1024 };

/// From this many elements on, a loop is shared among threads. (Under miri everything is small, so that each path is taken.)
pub(super) const SHARED_FROM: usize = 128 * BLOCK;
/// The least that a thread gets.
const SHARE: usize = 32 * BLOCK;

/// Up to this many elements, to choose an instruction set takes longer than to do without.
const CHOSEN_FROM: usize = 64;

/// Names a lesser instruction set than the machine has, `avx2` or `baseline`, for tests.
const INSTRUCTION_SET: &str = "GRADCORE_INSTRUCTION_SET";

/// The instruction set that loops run on.
pub(super) static CHOSEN: LazyLock<Arch> = LazyLock::new(|| match std::env::var(INSTRUCTION_SET).as_deref() {
    Ok("baseline") => Arch::Scalar,
    #[cfg(target_arch = "x86_64")]
    Ok("avx2") => pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3),
    Ok("") | Err(_) => Arch::new(),
    Ok(found) => panic!("{INSTRUCTION_SET} is `{found}`: expected `baseline`, or `avx2` on x86-64"),
});

/// Runs one operation on the vectors of the machine.
#[inline(always)]
pub(crate) fn on_vectors<R>(work: impl FnOnce() -> R) -> R {
    struct Work<F>(F);
    impl<R, F: FnOnce() -> R> WithSimd for Work<F> {
        type Output = R;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> R {
            (self.0)()
        }
    }
    CHOSEN.dispatch(Work(work))
}

/// Outputs that a loop writes, which can be cut at a place.
pub(super) trait Outputs: Send {
    /// Those of the places before, and the rest.
    fn cut(self, place: usize) -> (Self, Self)
    where
        Self: Sized;
}

impl<T: Send> Outputs for &mut [T] {
    fn cut(self, place: usize) -> (Self, Self) {
        self.split_at_mut(place)
    }
}

impl<A: Outputs, B: Outputs> Outputs for (A, B) {
    fn cut(self, place: usize) -> (Self, Self) {
        let ((a, rest_of_a), (b, rest_of_b)) = (self.0.cut(place), self.1.cut(place));
        ((a, b), (rest_of_a, rest_of_b))
    }
}

/// Those of several outputs that are not wanted are empty.
impl<T: Send, const O: usize> Outputs for [&mut [MaybeUninit<T>]; O] {
    fn cut(self, place: usize) -> (Self, Self) {
        let mut seconds = array::from_fn(|_| Default::default());
        let mut k = 0;
        let firsts = self.map(|out| {
            let (first, second) = out.split_at_mut_checked(place).unwrap_or_default();
            seconds[k] = second;
            k += 1;
            first
        });
        (firsts, seconds)
    }
}

/// What a loop does for some of the places.
pub(super) trait Body<Out>: Sync {
    /// Writes the outputs of a range of places.
    fn fill(&self, range: Range<usize>, outs: Out);

    /// How many elements a place stands for.
    fn weight(&self) -> usize {
        1
    }

    /// Whether it calls functions that are no instructions. To take vectors apart for each call and put them together again
    /// costs more than vectors save, so such a loop is compiled for the least instruction set.
    fn calls(&self) -> bool {
        false
    }
}

/// A body over some of the places, on vectors.
struct Fill<'a, B, Out> {
    body: &'a B,
    range: Range<usize>,
    outs: Out,
}

impl<Out, B: Body<Out>> WithSimd for Fill<'_, B, Out> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.body.fill(self.range, self.outs);
    }
}

/// Runs a loop over all places of its outputs.
pub(super) fn run<Out: Outputs, B: Body<Out>>(body: &B, size: usize, outs: Out) {
    let elements = size.saturating_mul(body.weight());
    if elements < CHOSEN_FROM {
        return body.fill(0..size, outs);
    }
    let arch = if body.calls() { Arch::Scalar } else { *CHOSEN };
    match elements < SHARED_FROM {
        true => arch.dispatch(Fill { body, range: 0..size, outs }),
        false => threads::waiting(|| share(arch, body, 0..size, outs)),
    }
}

/// Halves a loop until each thread has its share.
fn share<Out: Outputs, B: Body<Out>>(arch: Arch, body: &B, range: Range<usize>, outs: Out) {
    let half = (range.len() / 2).next_multiple_of((BLOCK / body.weight().max(1)).max(1));
    // A single place may stand for any number of elements.
    if range.len().saturating_mul(body.weight()) < 2 * SHARE || half == 0 || half >= range.len() {
        return arch.dispatch(Fill { body, range, outs });
    }
    let middle = range.start + half;
    let (firsts, seconds) = outs.cut(half);
    let (first, second) = (range.start..middle, middle..range.end);
    rayon::join(|| share(arch, body, first, firsts), || share(arch, body, second, seconds));
}

/// An input, stretched to the shape of the output.
#[derive(Clone, Copy)]
pub(crate) struct Stretched<'a, T> {
    values: &'a [T],
    shape: &'a [usize],
    target: &'a [usize],
}

impl<'a, T: Element> Stretched<'a, T> {
    /// `shape` broadcasts to `target`, whose size is not 0.
    #[inline]
    pub(crate) fn new(values: &'a [T], shape: &'a [usize], target: &'a [usize]) -> Self {
        Stretched { values, shape, target }
    }

    /// An input that has an element for each of the output.
    #[inline]
    pub(crate) fn dense(values: &'a [T]) -> Self {
        Stretched { values, shape: &[], target: &[] }
    }

    /// (To compare empty slices may cost hundreds of nanoseconds; see [`Shape`](crate::shape::Shape).)
    #[inline]
    fn is_dense(&self) -> bool {
        self.shape.len() == self.target.len() && self.shape.iter().eq(self.target)
    }

    /// Whether its elements are repeated end to end, as a bias is that is added to a batch.
    fn is_repeated(&self) -> bool {
        let leading = self.shape.iter().take_while(|size| **size == 1).count();
        self.target.ends_with(&self.shape[leading..])
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

/// How the elements of an input are found.
enum Finding<T> {
    /// They stand where they are needed.
    Dense,
    /// They are repeated so often that a block of them is written out once.
    Written(Vec<T>),
    /// They are repeated end to end, but there are more than a block has.
    Repeated(Vec<T>),
    /// They are written out for each block.
    Copied(Vec<T>),
}

/// An input on its way through a loop.
pub(super) struct Lane<'a, T> {
    input: Stretched<'a, T>,
    finding: Finding<T>,
}

impl<'a, T: Element> Lane<'a, T> {
    /// The input from a place on, in blocks of `length` elements.
    fn new(input: Stretched<'a, T>, start: usize, length: usize) -> Self {
        let finding = match input.values {
            _ if input.is_dense() => Finding::Dense,
            [value] => Finding::Written(vec![*value; length]),
            values if input.is_repeated() && length.is_multiple_of(values.len()) => {
                let mut block = vec![T::NOTHING; length];
                input.copy_to(&mut block, start);
                Finding::Written(block)
            }
            _ if input.is_repeated() => Finding::Repeated(vec![T::NOTHING; length]),
            _ => Finding::Copied(vec![T::NOTHING; length]),
        };
        Lane { input, finding }
    }

    /// The elements in a range.
    #[inline(always)]
    pub(super) fn elements(&mut self, range: &Range<usize>) -> &[T] {
        let length = range.len();
        let block = match &mut self.finding {
            Finding::Dense => return &self.input.values[range.clone()],
            Finding::Written(block) => return &block[..length],
            Finding::Repeated(block) => {
                let first = range.start % self.input.values.len();
                if let Some(elements) = self.input.values.get(first..first + length) {
                    return elements;
                }
                block
            }
            Finding::Copied(block) => block,
        };
        self.input.copy_to(&mut block[..length], range.start);
        &block[..length]
    }
}

/// The blocks in which a loop goes over a range, and the inputs in them.
pub(super) struct Blocks {
    range: Range<usize>,
    length: usize,
}

impl Blocks {
    /// Everything at once, as long as no input is stretched.
    #[inline]
    pub(super) fn of(range: Range<usize>) -> Self {
        Blocks { length: range.len().max(1), range }
    }

    /// Makes the length suit the period in which an input repeats itself.
    #[inline]
    pub(super) fn suit<T: Element>(&mut self, input: &Stretched<'_, T>) {
        if !input.is_dense() {
            let period = if input.is_repeated() { input.values.len() } else { 1 };
            self.length = self.length.min(if period <= BLOCK { BLOCK / period * period } else { BLOCK });
        }
    }

    #[inline]
    pub(super) fn lane<'a, T: Element>(&self, input: Stretched<'a, T>) -> Lane<'a, T> {
        Lane::new(input, self.range.start, self.length)
    }

    #[inline(always)]
    pub(super) fn ranges(self) -> impl Iterator<Item = Range<usize>> {
        let Range { start, end } = self.range;
        (start..end).step_by(self.length).map(move |start| start..end.min(start + self.length))
    }
}

/// `out[k] = f(x[k])`
pub(crate) fn map<A: Element, B: Element>(x: &[A], out: &mut [B], f: impl Fn(A) -> B + Sync) {
    struct Map<'a, A, F>(&'a [A], F);
    impl<A: Element, B: Element, F: Fn(A) -> B + Sync> Body<&mut [B]> for Map<'_, A, F> {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, out: &mut [B]) {
            let (x, f) = (&self.0[range], &self.1);
            out.iter_mut().zip(x).for_each(|(out, &x)| *out = f(x));
        }
    }
    run(&Map(x, f), out.len(), out);
}

/// `out[k] = near(x[k])` where `is_near(x[k])`, else `far(x[k])`. The first has no branch, and the second is rare.
pub(crate) fn map_mostly<T: Element>(
    x: &[T],
    out: &mut [T],
    is_near: impl Fn(T) -> bool + Sync,
    near: impl Fn(T) -> T + Sync,
    far: impl Fn(T) -> T + Sync,
) {
    struct Mostly<'a, T, P, N, F>(&'a [T], P, N, F);
    impl<T: Element, P, N, F> Body<&mut [T]> for Mostly<'_, T, P, N, F>
    where
        P: Fn(T) -> bool + Sync,
        N: Fn(T) -> T + Sync,
        F: Fn(T) -> T + Sync,
    {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, out: &mut [T]) {
            let Mostly(x, is_near, near, far) = self;
            for (out, x) in out.chunks_mut(BLOCK).zip(x[range].chunks(BLOCK)) {
                let mut all_near = true;
                for (out, &x) in out.iter_mut().zip(x) {
                    *out = near(x);
                    all_near &= is_near(x);
                }
                if !all_near {
                    out.iter_mut().zip(x).filter(|(_, x)| !is_near(**x)).for_each(|(out, &x)| *out = far(x));
                }
            }
        }
    }
    run(&Mostly(x, is_near, near, far), out.len(), out);
}

/// `out[k] = f(x[k], y[k])`
pub(crate) fn map_both<A: Element, B: Element, C: Element>(
    x: Stretched<'_, A>,
    y: Stretched<'_, B>,
    out: &mut [C],
    f: impl Fn(A, B) -> C + Sync,
) {
    struct Map<'a, A, B, F>(Stretched<'a, A>, Stretched<'a, B>, F);
    impl<A: Element, B: Element, C: Element, F: Fn(A, B) -> C + Sync> Body<&mut [C]> for Map<'_, A, B, F> {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, mut out: &mut [C]) {
            let mut blocks = Blocks::of(range);
            blocks.suit(&self.0);
            blocks.suit(&self.1);
            let (mut x, mut y, f) = (blocks.lane(self.0), blocks.lane(self.1), &self.2);
            for range in blocks.ranges() {
                let (x, y, block) =
                    (x.elements(&range), y.elements(&range), out.split_off_mut(..range.len()).unwrap_or_default());
                for (out, (&x, &y)) in block.iter_mut().zip(x.iter().zip(y)) {
                    *out = f(x, y);
                }
            }
        }
    }
    // What is short and stands where it is needed is done before a block is laid out.
    if out.len() < CHOSEN_FROM {
        match (x.values, y.values) {
            (xs, ys) if xs.len() == out.len() && ys.len() == out.len() => {
                return out.iter_mut().zip(xs.iter().zip(ys)).for_each(|(out, (&x, &y))| *out = f(x, y));
            }
            ([x], ys) if ys.len() == out.len() => {
                return out.iter_mut().zip(ys).for_each(|(out, &y)| *out = f(*x, y));
            }
            (xs, [y]) if xs.len() == out.len() => {
                return out.iter_mut().zip(xs).for_each(|(out, &x)| *out = f(x, *y));
            }
            _ => {}
        }
    }
    run(&Map(x, y, f), out.len(), out);
}

/// `out[k] = f(x[k], y[k], z[k])`
pub(crate) fn map_three<A: Element, B: Element, C: Element, D: Element>(
    x: Stretched<'_, A>,
    y: Stretched<'_, B>,
    z: Stretched<'_, C>,
    out: &mut [D],
    f: impl Fn(A, B, C) -> D + Sync,
) {
    struct Map<'a, A, B, C, F>(Stretched<'a, A>, Stretched<'a, B>, Stretched<'a, C>, F);
    impl<A: Element, B: Element, C: Element, D: Element, F> Body<&mut [D]> for Map<'_, A, B, C, F>
    where
        F: Fn(A, B, C) -> D + Sync,
    {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, mut out: &mut [D]) {
            let mut blocks = Blocks::of(range);
            blocks.suit(&self.0);
            blocks.suit(&self.1);
            blocks.suit(&self.2);
            let (mut x, mut y, mut z) = (blocks.lane(self.0), blocks.lane(self.1), blocks.lane(self.2));
            for range in blocks.ranges() {
                let (x, y, z) = (x.elements(&range), y.elements(&range), z.elements(&range));
                let block = out.split_off_mut(..range.len()).unwrap_or_default();
                for (out, ((&x, &y), &z)) in block.iter_mut().zip(x.iter().zip(y).zip(z)) {
                    *out = (self.3)(x, y, z);
                }
            }
        }
    }
    run(&Map(x, y, z, f), out.len(), out);
}

/// `out[k] = f(out[k])`
pub(crate) fn change<T: Element>(out: &mut [T], f: impl Fn(T) -> T + Sync) {
    struct Change<F>(F);
    impl<T: Element, F: Fn(T) -> T + Sync> Body<&mut [T]> for Change<F> {
        #[inline(always)]
        fn fill(&self, _: Range<usize>, out: &mut [T]) {
            out.iter_mut().for_each(|out| *out = (self.0)(*out));
        }
    }
    run(&Change(f), out.len(), out);
}

/// `out[k] = f(out[k], x[k])`
pub(crate) fn update<A: Element, B: Element>(out: &mut [A], x: Stretched<'_, B>, f: impl Fn(A, B) -> A + Sync) {
    struct Update<'a, B, F>(Stretched<'a, B>, F);
    impl<A: Element, B: Element, F: Fn(A, B) -> A + Sync> Body<&mut [A]> for Update<'_, B, F> {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, mut out: &mut [A]) {
            let mut blocks = Blocks::of(range);
            blocks.suit(&self.0);
            let (mut x, f) = (blocks.lane(self.0), &self.1);
            for range in blocks.ranges() {
                let (x, block) = (x.elements(&range), out.split_off_mut(..range.len()).unwrap_or_default());
                for (out, &x) in block.iter_mut().zip(x) {
                    *out = f(*out, x);
                }
            }
        }
    }
    if out.len() < CHOSEN_FROM && x.values.len() == out.len() {
        return out.iter_mut().zip(x.values).for_each(|(out, &x)| *out = f(*out, x));
    }
    run(&Update(x, f), out.len(), out);
}
