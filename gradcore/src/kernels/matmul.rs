//! Matrix products, by the crates `gemm-f32` and `gemm-f64`.

use std::any::TypeId;

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

    fn has_its_size(&self) -> bool {
        self.rows.checked_mul(self.columns) == Some(self.values.len())
    }
}

/// Multiplications from which a second thread pays. (Under miri everything is small, so that each path is taken.)
const PARALLEL_FROM: usize = if cfg!(miri) { 1 << 9 } else { 1 << 21 };

/// A product of two of some matrices.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, T>(pub(crate) Matrix<'a, T>, pub(crate) Matrix<'a, T>);

/// Writes the products of `count` pairs of matrices of one size into `out`, one after the other.
///
/// # Panics
/// Panics if a slice has not the size that its matrix says, or the inner sizes differ.
pub(crate) fn products<'a, T: Real>(count: usize, factors: impl Fn(usize) -> Factors<'a, T> + Sync, out: &mut [T]) {
    let Some(size) = out.len().checked_div(count).filter(|size| *size > 0) else { return };
    let Factors(a, _) = factors(0);
    if a.columns == 0 {
        return out.fill(T::default());
    }
    let work = size.saturating_mul(a.columns);
    // Either the products are shared out among threads, or each is.
    if count > 1 && work < PARALLEL_FROM && work.saturating_mul(count) >= PARALLEL_FROM {
        let pairs = PARALLEL_FROM.div_ceil(4 * work.max(1));
        let parts = || {
            out.par_chunks_mut(pairs * size).enumerate().for_each(|(part, out)| {
                for (k, out) in out.chunks_exact_mut(size).enumerate() {
                    product(factors(part * pairs + k), Parallelism::None, out);
                }
            });
        };
        return threads::waiting(parts);
    }
    let parallelism = if work < PARALLEL_FROM { Parallelism::None } else { Parallelism::Rayon(0) };
    let mut all = || {
        for (k, out) in out.chunks_exact_mut(size).enumerate() {
            product(factors(k), parallelism, out);
        }
    };
    match parallelism {
        Parallelism::None => all(),
        Parallelism::Rayon(_) => threads::waiting(all),
    }
}

/// Writes a · b into `out`, row-major.
///
/// # Panics
/// As [`products`].
fn product<T: Real>(Factors(a, b): Factors<'_, T>, parallelism: Parallelism, out: &mut [T]) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(
        a.has_its_size() && b.has_its_size() && m.checked_mul(n) == Some(out.len()) && b.rows == k,
        "sizes of a matrix product"
    );
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    // The crates want the columns of the result side by side: its transpose, bᵀ · aᵀ, has them so.
    macro_rules! multiply {
        ($float:ty, $gemm:ident) => {{
            let (out, a, b) = (out.as_mut_ptr().cast::<$float>(), a.values.as_ptr().cast(), b.values.as_ptr().cast());
            let (no, columns) = (false, n.cast_signed());
            // SAFETY: `T` is this type, as the caller has found. By the assertion above each matrix has `rows · columns`
            // elements, in numbers that did not wrap, and with the strides of `Matrix::strides` the place of every element is
            // below that; `out` is a distinct slice.
            unsafe {
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
