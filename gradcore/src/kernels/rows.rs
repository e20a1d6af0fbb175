//! Softmax and its logarithm, a row at a time; stable for rows of any size.

use crate::element::Real;
use crate::kernels::reduce;

/// The greatest element, and the sum of the powers of e of the differences to it.
fn peak_and_sum<T: Real>(row: &[T], powers: &mut [T]) -> (T, T) {
    let peak = reduce::max_all(row);
    // A row of -∞ alone has no differences.
    let shift = if peak == T::LOWEST { T::default() } else { peak };
    for (power, &x) in powers.iter_mut().zip(row) {
        *power = (x - shift).exp();
    }
    (shift, powers.iter().fold(T::default(), |sum, &power| sum + power))
}

pub(crate) fn softmax<T: Real>(row: &[T], out: &mut [T]) {
    let (_, sum) = peak_and_sum(row, out);
    out.iter_mut().for_each(|y| *y /= sum);
}

pub(crate) fn log_softmax<T: Real>(row: &[T], out: &mut [T]) {
    let (peak, sum) = peak_and_sum(row, out);
    let log_sum = sum.ln();
    out.iter_mut().zip(row).for_each(|(y, &x)| *y = x - peak - log_sum);
}
