//! Matrix products, by the crate `gemm`.

use gemm::Parallelism;

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
}

/// Multiplications from which a second thread pays. (Under miri everything is small, so that each path is taken.)
const PARALLEL_FROM: usize = if cfg!(miri) { 1 << 9 } else { 1 << 21 };

/// Writes `a · b` into `out`, row-major.
///
/// # Panics
/// Panics if a slice has not the size that its matrix says, or the inner sizes differ.
pub(crate) fn matmul<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T]) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    let has_size = |length: usize, rows: usize, columns: usize| rows.checked_mul(columns) == Some(length);
    assert!(
        has_size(a.values.len(), m, k) && has_size(b.values.len(), k, n) && has_size(out.len(), m, n) && b.rows == k,
        "sizes of a matrix product"
    );
    if out.is_empty() {
        return;
    }
    if k == 0 {
        out.fill(T::default());
        return;
    }
    let parallelism =
        if m.saturating_mul(k).saturating_mul(n) < PARALLEL_FROM { Parallelism::None } else { Parallelism::Rayon(0) };
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    let mut multiply = || {
        // SAFETY: by the assertion above each matrix has `rows · columns` elements, in numbers that did not wrap, and with the
        // strides of `Matrix::strides` the place of every element is below that; `out` is a distinct slice.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                out.as_mut_ptr(),
                1,
                n.cast_signed(),
                false,
                a.values.as_ptr(),
                a_column,
                a_row,
                b.values.as_ptr(),
                b_column,
                b_row,
                T::default(),
                T::ONE,
                false,
                false,
                false,
                parallelism,
            );
        }
    };
    match parallelism {
        Parallelism::None => multiply(),
        Parallelism::Rayon(_) => threads::waiting(multiply),
    }
}
