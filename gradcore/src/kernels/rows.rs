//! Softmax and what is made of it, a row at a time, which stays in the cache meanwhile; stable for rows of any size.

#![allow(clippy::inline_always, reason = "what is left as a call keeps a loop from being one of vectors")]

use std::ops::Range;

use super::loops::{self, Body, Outputs};
use super::reduce::{max_of_row, sum_of_row};
use crate::element::Real;

/// Writes the powers of e of the differences to the greatest element. Gives that element, and by how much their sum is more than
/// 1, which is what the greatest contributes.
#[inline(always)]
fn peak_and_rest<T: Real>(row: &[T], powers: &mut [T]) -> (T, T) {
    let peak = max_of_row(row);
    // A row of -∞ alone has no differences.
    let shift = if peak == T::LOWEST { T::default() } else { peak };
    for (power, &x) in powers.iter_mut().zip(row) {
        *power = (x - shift).exp();
    }
    let Some(place) = row.iter().position(|x| *x == peak) else { return (shift, sum_of_row(powers) - T::ONE) };
    let of_peak = std::mem::take(&mut powers[place]);
    let rest = sum_of_row(powers);
    powers[place] = of_peak;
    (shift, rest + (of_peak - T::ONE))
}

/// Rows of a matrix that is written.
struct Rows<'o, T> {
    values: &'o mut [T],
    width: usize,
}

impl<T: Send> Outputs for Rows<'_, T> {
    fn cut(self, place: usize) -> (Self, Self) {
        let Rows { values, width } = self;
        let (first, second) = values.split_at_mut(place * width);
        (Rows { values: first, width }, Rows { values: second, width })
    }
}

/// What is written of a row, given the row.
struct Rowwise<'a, T, F> {
    x: &'a [T],
    width: usize,
    f: F,
}

impl<T: Real, F: Fn(&[T], &mut [T]) + Sync> Body<Rows<'_, T>> for Rowwise<'_, T, F> {
    #[inline(always)]
    fn fill(&self, range: Range<usize>, outs: Rows<'_, T>) {
        let x = &self.x[range.start * self.width..range.end * self.width];
        for (row, out) in x.chunks_exact(self.width).zip(outs.values.chunks_exact_mut(self.width)) {
            (self.f)(row, out);
        }
    }

    fn weight(&self) -> usize {
        self.width
    }
}

fn rowwise<T: Real>(x: &[T], width: usize, out: &mut [T], f: impl Fn(&[T], &mut [T]) + Sync) {
    if !out.is_empty() {
        loops::run(&Rowwise { x, width, f }, out.len() / width, Rows { values: out, width });
    }
}

/// eˣ / Σ eˣ of each row of `width` elements.
pub(crate) fn softmax<T: Real>(x: &[T], width: usize, out: &mut [T]) {
    rowwise(
        x,
        width,
        out,
        #[inline(always)]
        |row, out| {
            let (_, rest) = peak_and_rest(row, out);
            let share = T::ONE / (T::ONE + rest);
            out.iter_mut().for_each(|y| *y *= share);
        },
    );
}

/// x - ln Σ eˣ of each row of `width` elements.
pub(crate) fn log_softmax<T: Real>(x: &[T], width: usize, out: &mut [T]) {
    rowwise(
        x,
        width,
        out,
        #[inline(always)]
        |row, out| {
            let (peak, rest) = peak_and_rest(row, out);
            let log_sum = rest.ln_1p();
            out.iter_mut().zip(row).for_each(|(y, &x)| *y = x - peak - log_sum);
        },
    );
}

/// What is written of a row, given the rows of two matrices.
struct RowwiseOfTwo<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    width: usize,
    f: F,
}

impl<T: Real, F: Fn(&[T], &[T], &mut [T]) + Sync> Body<Rows<'_, T>> for RowwiseOfTwo<'_, T, F> {
    #[inline(always)]
    fn fill(&self, range: Range<usize>, outs: Rows<'_, T>) {
        let range = range.start * self.width..range.end * self.width;
        let rows = self.x[range.clone()].chunks_exact(self.width).zip(self.y[range].chunks_exact(self.width));
        for ((x, y), out) in rows.zip(outs.values.chunks_exact_mut(self.width)) {
            (self.f)(x, y, out);
        }
    }

    fn weight(&self) -> usize {
        self.width
    }
}

fn rowwise_of_two<T: Real>(x: &[T], y: &[T], width: usize, out: &mut [T], f: impl Fn(&[T], &[T], &mut [T]) + Sync) {
    if !out.is_empty() {
        loops::run(&RowwiseOfTwo { x, y, width, f }, out.len() / width, Rows { values: out, width });
    }
}

/// The place of the greatest element, which is where nearly all of a row of probabilities may be.
#[inline(always)]
fn place_of_peak<T: Real>(row: &[T]) -> usize {
    let peak = max_of_row(row);
    row.iter().position(|x| *x == peak).unwrap_or_default()
}

/// p (dy - Σ dy p) of each row, whose p sum to 1. What is subtracted from the gradients is that of the greatest p first, so
/// that its own is made of the others, however small: 1 - p is never taken.
pub(crate) fn softmax_gradient<T: Real>(dy: &[T], p: &[T], width: usize, out: &mut [T]) {
    rowwise_of_two(
        dy,
        p,
        width,
        out,
        #[inline(always)]
        |dy, p, out| {
            centered_by(dy, p, |p| p, out);
            out.iter_mut().zip(p).for_each(|(out, &p)| *out *= p);
        },
    );
}

/// dy - Σ dy p of a row, whose p(y) sum to 1 and grow with y.
#[inline(always)]
fn centered_by<T: Real>(dy: &[T], y: &[T], p: impl Fn(T) -> T, out: &mut [T]) {
    let of_peak = dy[place_of_peak(y)];
    for ((out, &dy), &y) in out.iter_mut().zip(dy).zip(y) {
        *out = (dy - of_peak) * p(y);
    }
    let mean = sum_of_row(out);
    for (out, &dy) in out.iter_mut().zip(dy) {
        *out = (dy - of_peak) - mean;
    }
}

/// dy - Σ dy eʸ of each row, whose eʸ sum to 1.
pub(crate) fn centered<T: Real>(dy: &[T], y: &[T], width: usize, out: &mut [T]) {
    rowwise_of_two(
        dy,
        y,
        width,
        out,
        #[inline(always)]
        |dy, y, out| centered_by(dy, y, T::exp, out),
    );
}

/// dy - eʸ Σ dy of each row, whose eʸ sum to 1. That of the greatest y is made of the others.
pub(crate) fn log_softmax_gradient<T: Real>(dy: &[T], y: &[T], width: usize, out: &mut [T]) {
    rowwise_of_two(
        dy,
        y,
        width,
        out,
        #[inline(always)]
        |dy, y, out| {
            let peak = place_of_peak(y);
            out.iter_mut().zip(y).for_each(|(out, &y)| *out = y.exp());
            let of_peak = std::mem::take(&mut out[peak]);
            let (rest, sum) = (sum_of_row(out), sum_of_row(dy));
            let others = sum_of_row(&dy[..peak]) + sum_of_row(&dy[peak + 1..]);
            for (out, &dy) in out.iter_mut().zip(dy) {
                *out = dy - sum * *out;
            }
            out[peak] = dy[peak] * rest - others * of_peak;
        },
    );
}

/// Where nothing flows into a row, nothing flows out of it; every other zero has been computed. There are as many gradients as
/// elements, or one for each row.
pub(crate) fn keep_no_choice<T: Real>(dy: &[T], width: usize, out: &mut [T]) {
    if out.is_empty() {
        return;
    }
    let of_row = dy.len() / (out.len() / width);
    for (dy, out) in dy.chunks_exact(of_row).zip(out.chunks_exact_mut(width)) {
        match dy.iter().all(|dy| dy.is_no_choice()) {
            true => out.fill(T::NO_CHOICE),
            false => out.iter_mut().for_each(|out| *out = out.without_choice()),
        }
    }
}

/// The softmax of each row of logits, and -ln of it at the row's label.
pub(crate) fn cross_entropy<T: Real>(x: &[T], labels: &[usize], probabilities: &mut [T], losses: &mut [T]) {
    struct CrossEntropy<'a, T> {
        x: &'a [T],
        width: usize,
        labels: &'a [usize],
    }
    impl<T: Real> Body<(Rows<'_, T>, &mut [T])> for CrossEntropy<'_, T> {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, (probabilities, losses): (Rows<'_, T>, &mut [T])) {
            let x = self.x[range.start * self.width..range.end * self.width].chunks_exact(self.width);
            let outs = probabilities.values.chunks_exact_mut(self.width).zip(losses);
            for ((row, &label), (out, loss)) in x.zip(&self.labels[range]).zip(outs) {
                let (peak, rest) = peak_and_rest(row, out);
                let share = T::ONE / (T::ONE + rest);
                out.iter_mut().for_each(|y| *y *= share);
                *loss = rest.ln_1p() - (row[label] - peak);
            }
        }

        fn weight(&self) -> usize {
            self.width
        }
    }
    if let Some(width) = x.len().checked_div(labels.len()) {
        let outs = (Rows { values: probabilities, width }, losses);
        loops::run(&CrossEntropy { x, width, labels }, labels.len(), outs);
    }
}

/// (softmax - one at the label) of each row, times a number for each row.
pub(crate) fn cross_entropy_gradient<T: Real>(probabilities: &[T], labels: &[usize], dy: &[T], out: &mut [T]) {
    struct Gradient<'a, T> {
        probabilities: &'a [T],
        width: usize,
        labels: &'a [usize],
        dy: &'a [T],
    }
    impl<T: Real> Body<Rows<'_, T>> for Gradient<'_, T> {
        #[inline(always)]
        fn fill(&self, range: Range<usize>, outs: Rows<'_, T>) {
            let rows = self.probabilities[range.start * self.width..range.end * self.width].chunks_exact(self.width);
            let given = self.labels[range.clone()].iter().zip(&self.dy[range]);
            for ((row, out), (&label, &dy)) in rows.zip(outs.values.chunks_exact_mut(self.width)).zip(given) {
                out.iter_mut().zip(row).for_each(|(out, &p)| *out = p * dy);
                // Where nearly all of the row is at the label, 1 less that is what the others are.
                let less = match row[label] > T::of(0.5) {
                    true => sum_of_row(&row[..label]) + sum_of_row(&row[label + 1..]),
                    false => T::ONE - row[label],
                };
                out[label] = -less * dy;
            }
        }

        fn weight(&self) -> usize {
            self.width
        }
    }
    if let Some(width) = probabilities.len().checked_div(labels.len()) {
        let outs = Rows { values: out, width };
        loops::run(&Gradient { probabilities, width, labels, dy }, labels.len(), outs);
    }
}
