//! Sums, maxima and minima along axes.

use ndarray::{ArrayViewD, Axis, IxDyn};

use crate::element::{Element, Number};
use crate::kernels::elementwise;

/// A shape seen as `outer × reduced × inner`, for axes that stand side by side.
struct Blocks {
    outer: usize,
    reduced: usize,
    inner: usize,
}

/// `axes` are increasing.
fn blocks(shape: &[usize], axes: &[usize]) -> Option<Blocks> {
    let (&first, &last) = (axes.first()?, axes.last()?);
    let adjacent = last - first + 1 == axes.len();
    adjacent.then(|| Blocks {
        outer: shape[..first].iter().product(),
        reduced: shape[first..=last].iter().product(),
        inner: shape[last + 1..].iter().product(),
    })
}

/// Folds `values` along `axes` (increasing) with `fold`, from `start`. `fold` adds a slice to the results so far.
fn reduce<T: Element>(
    values: &[T],
    shape: &[usize],
    axes: &[usize],
    start: T,
    all: impl Fn(&[T]) -> T + Copy,
    fold: impl Fn(&mut [T], &[T]) + Copy,
) -> Vec<T> {
    if axes.is_empty() {
        return values.to_vec();
    }
    let Some(Blocks { outer, reduced, inner }) = blocks(shape, axes) else {
        // Axes that stand apart are reduced one after the other, from the last, so that the first keep their places.
        let (&last, rest) = axes.split_last().expect("no axes were handled above");
        let values = reduce(values, shape, &[last], start, all, fold);
        let shape: Vec<usize> = shape.iter().enumerate().filter(|(axis, _)| *axis != last).map(|(_, n)| *n).collect();
        return reduce(&values, &shape, rest, start, all, fold);
    };
    if inner == 1 && reduced > 0 {
        return values.chunks_exact(reduced).map(all).collect();
    }
    let mut out = vec![start; outer * inner];
    if inner > 0 && reduced > 0 {
        for (out, block) in out.chunks_exact_mut(inner).zip(values.chunks_exact(reduced * inner)) {
            block.chunks_exact(inner).for_each(|row| fold(out, row));
        }
    }
    out
}

/// Sums along axes.
pub(crate) fn sum<T: Number>(values: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
    reduce(values, shape, axes, T::default(), sum_all, elementwise::add_assign)
}

/// Maxima along axes; NaN where an element is NaN, the lowest value along an empty axis.
pub(crate) fn max<T: Number>(values: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
    let all = |block: &[T]| block.iter().fold(T::LOWEST, |most, &x| greater_of(most, x));
    let fold = |most: &mut [T], row: &[T]| most.iter_mut().zip(row).for_each(|(most, &x)| *most = greater_of(*most, x));
    reduce(values, shape, axes, T::LOWEST, all, fold)
}

/// Minima along axes; NaN where an element is NaN, the highest value along an empty axis.
pub(crate) fn min<T: Number>(values: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
    let all = |block: &[T]| block.iter().fold(T::HIGHEST, |least, &x| lesser_of(least, x));
    let fold =
        |least: &mut [T], row: &[T]| least.iter_mut().zip(row).for_each(|(least, &x)| *least = lesser_of(*least, x));
    reduce(values, shape, axes, T::HIGHEST, all, fold)
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
pub(crate) fn argmax<T: Element>(values: &[T], shape: &[usize], axis: usize) -> Vec<i64> {
    let view = ArrayViewD::from_shape(IxDyn(shape), values).expect("as many values as the shape has elements");
    view.lanes(Axis(axis))
        .into_iter()
        .map(|lane| {
            let first = (0, lane[0]);
            let (place, _) = lane.iter().copied().enumerate().skip(1).fold(first, greater_element);
            i64::try_from(place).expect("an axis is shorter than 2^63")
        })
        .collect()
}
