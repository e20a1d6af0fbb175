//! Matrix products, by the crates `gemm-f32` and `gemm-f64`.

use std::any::TypeId;
use std::ops::Range;

use gemm_common::Parallelism;
use gemm_f32::gemm::f32::get_gemm_fn as gemm_of_f32;
use gemm_f64::gemm::f64::get_gemm_fn as gemm_of_f64;
use rayon::prelude::*;

use crate::element::Real;
use crate::threads;

/// A row-major matrix, or its transpose.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) values: &'a [T],
    /// Sizes as the product sees them, after any transposition.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) transposed: bool,
}

impl<T> Matrix<'_, T> {
    /// Steps between neighbours in a column and in a row.
    fn strides(&self) -> (isize, isize) {
        match self.transposed {
            false => (self.columns.cast_signed(), 1),
            true => (1, self.rows.cast_signed()),
        }
    }

    fn at(&self, row: usize, column: usize) -> T
    where
        T: Copy,
    {
        self.values[if self.transposed { column * self.rows + row } else { row * self.columns + column }]
    }

    fn has_its_size(&self) -> bool {
        self.rows.checked_mul(self.columns) == Some(self.values.len())
    }
}

/// The least that threads share of the rows of a product, which is what the crates compute at once.
const ROWS: usize = if cfg!(miri) { 4 } else { 32 };

/// Multiplications from which a second thread pays. (Under miri everything is small, so that each path is taken.)
const PARALLEL_FROM: usize = if cfg!(miri) { 1 << 9 } else { 1 << 21 };

/// A product of two of some matrices.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, T>(pub(crate) Matrix<'a, T>, pub(crate) Matrix<'a, T>);

/// Mends products of gradients that have zeros of choice: these take no part in a sum, whatever they are multiplied by, and where
/// a sum has no other part it is one of them, and every other zero is none. `choices` tells which factors have some. Whether it
/// was so anywhere.
pub(crate) fn keep_no_choice<'a, T: Real>(
    count: usize,
    factors: impl Fn(usize) -> Factors<'a, T>,
    choices: [bool; 2],
    out: &mut [T],
) -> bool {
    let size = out.len() / count;
    let mut empty = Vec::with_capacity(count);
    for (k, out) in out.chunks_exact_mut(size).enumerate() {
        let Factors(a, b) = factors(k);
        let (inner, columns) = (0..a.columns, b.columns);
        let has_no_part = |row: usize, column: usize, k: usize| {
            choices[0] && a.at(row, k).is_no_choice() || choices[1] && b.at(k, column).is_no_choice()
        };
        for (place, sum) in out.iter_mut().enumerate().filter(|(_, sum)| sum.is_nan()) {
            let (row, column) = (place / columns, place % columns);
            let parts = inner.clone().filter(|k| !has_no_part(row, column, *k));
            *sum = parts.map(|k| a.at(row, k) * b.at(k, column)).sum();
        }
        let is_empty_row = |row: usize| choices[0] && inner.clone().all(|k| a.at(row, k).is_no_choice());
        let is_empty_column = |column: usize| choices[1] && inner.clone().all(|k| b.at(k, column).is_no_choice());
        let rows: Vec<bool> = (0..a.rows).map(is_empty_row).collect();
        let columns: Vec<bool> = (0..columns).map(is_empty_column).collect();
        empty.push((rows, columns));
    }
    let keeps_some = empty.iter().any(|(rows, columns)| rows.contains(&true) || columns.contains(&true));
    if keeps_some {
        for (out, (rows, columns)) in out.chunks_exact_mut(size).zip(empty) {
            for (out, is_empty_row) in out.chunks_exact_mut(columns.len()).zip(rows) {
                for (sum, is_empty_column) in out.iter_mut().zip(&columns) {
                    *sum = if is_empty_row || *is_empty_column { T::NO_CHOICE } else { sum.without_choice() };
                }
            }
        }
    }
    keeps_some
}

/// Writes the products of `count` pairs of matrices of one size into `out`, one after the other.
///
/// # Panics
/// Panics if a slice has not the size that its matrix says, or the inner sizes differ.
pub(crate) fn products<'a, T: Real>(
    count: usize,
    factors: impl Fn(usize) -> Factors<'a, T> + Copy + Sync,
    out: &mut [T],
) {
    let Some(size) = out.len().checked_div(count).filter(|size| *size > 0) else { return };
    let Factors(a, b) = factors(0);
    if a.columns == 0 {
        return out.fill(T::default());
    }
    let work = size.saturating_mul(a.columns);
    let (rows, columns) = (a.rows, b.columns);
    let one_by_one = |parallelism: Parallelism, out: &mut [T]| {
        for (k, out) in out.chunks_exact_mut(size).enumerate() {
            product(factors(k), 0..rows, parallelism, out);
        }
    };
    let threads = rayon::current_num_threads();
    if threads == 1 || work.saturating_mul(count) < PARALLEL_FROM {
        return one_by_one(Parallelism::None, out);
    }
    // Threads share the products of a batch, or the rows of one product. (The crates share out smaller parts.)
    let part = rows.div_ceil(threads).next_multiple_of(ROWS);
    threads::waiting(|| match () {
        () if work < PARALLEL_FROM => {
            let pairs = PARALLEL_FROM.div_ceil(4 * work.max(1));
            out.par_chunks_mut(pairs * size).enumerate().for_each(|(part, out)| {
                for (k, out) in out.chunks_exact_mut(size).enumerate() {
                    product(factors(part * pairs + k), 0..rows, Parallelism::None, out);
                }
            });
        }
        () if part < rows => {
            for (k, out) in out.chunks_exact_mut(size).enumerate() {
                let parts = out.par_chunks_mut(part * columns).zip((0..rows).into_par_iter().step_by(part));
                parts.for_each(|(out, first)| {
                    product(factors(k), first..rows.min(first + part), Parallelism::None, out);
                });
            }
        }
        () => one_by_one(Parallelism::Rayon(0), out),
    });
}

/// Writes some rows of a · b into `out`, row-major.
///
/// # Panics
/// As [`products`].
fn product<T: Real>(Factors(a, b): Factors<'_, T>, rows: Range<usize>, parallelism: Parallelism, out: &mut [T]) {
    let (m, k, n) = (rows.len(), a.columns, b.columns);
    assert!(
        a.has_its_size()
            && b.has_its_size()
            && m.checked_mul(n) == Some(out.len())
            && b.rows == k
            && rows.end <= a.rows,
        "sizes of a matrix product"
    );
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    // The crates want the columns of the result side by side: its transpose, bᵀ · aᵀ, has them so.
    macro_rules! multiply {
        ($float:ty, $gemm:ident) => {{
            let (out, a, b) = (out.as_mut_ptr().cast::<$float>(), a.values.as_ptr().cast(), b.values.as_ptr().cast());
            let first: isize = a_row * rows.start.cast_signed();
            let (no, columns) = (false, n.cast_signed());
            // SAFETY: `T` is this type, as the `match` below has found. By the assertion above each matrix has `rows · columns`
            // elements, in numbers that did not wrap, and with the strides of `Matrix::strides` the place of every element is
            // below that; so has `a` from the first of the rows on, none of which is beyond its last; `out` is a distinct slice.
            unsafe {
                let a: *const $float = a;
                let a = a.offset(first);
                $gemm()(
                    n, m, k, out, columns, 1, no, b, b_row, b_column, a, a_row, a_column, 0.0, 1.0, no, no, no, parallelism,
                );
            }
        }};
    }
    match TypeId::of::<T>() {
        id if id == TypeId::of::<f32>() => multiply!(f32, gemm_of_f32),
        id if id == TypeId::of::<f64>() => multiply!(f64, gemm_of_f64),
        _ => unreachable!("tensors of floats hold `f32` or `f64`"),
    }
}
