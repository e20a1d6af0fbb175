//! A few numbers that tell whether a function has computed the same values again.

#![allow(clippy::inline_always, reason = "what is left as a call keeps a loop from being one of vectors")]

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::loops::{self, SHARED_FROM};
use crate::element::Real;
use crate::threads;

/// What is known of some values, without the values: a sum with weights of both signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fingerprint {
    sum: f64,
    /// A bound of the Euclidean norm, which is not far above it.
    norm: f64,
    /// As `sum`, of where values are not finite, and in which way.
    not_finite: f64,
    epsilon: f64,
    /// How many threads there were: where that is another, products of matrices may be rounded in another way.
    threads: usize,
}

/// How many roundings of the norm values may differ by, where the number of threads is the same and where it is not.
const ROUNDINGS: f64 = 64.0;
const OTHER_THREADS: f64 = 65_536.0;

/// Elements that are summed by one thread.
const PART: usize = SHARED_FROM / 4;
/// Elements whose sums stand side by side.
const LANES: usize = 16;
/// Sums of squares, and of very many numbers, stay finite. It rounds nothing.
const SCALE: f64 = 1.0 / 18_446_744_073_709_551_616.0;

impl Fingerprint {
    pub(crate) fn of<T: Real>(values: &[T]) -> Self {
        let summed = |(seed, part)| loops::CHOSEN.dispatch(Summed { seed, part });
        let parts: Vec<Summary> = match values.len() < SHARED_FROM {
            true => values.chunks(PART).enumerate().map(summed).collect(),
            false => threads::waiting(|| values.par_chunks(PART).enumerate().map(summed).collect()),
        };
        let (mut whole, mut largest) = ([0.0; 3], 0.0f64);
        for Summary { sum, size, largest: of_part, not_finite } in parts {
            whole.iter_mut().zip([sum, size, not_finite]).for_each(|(whole, part)| *whole += part);
            largest = largest.max(of_part);
        }
        let [sum, size, not_finite] = whole;
        // ‖x‖² ≤ ‖x‖₁ · ‖x‖∞
        let norm = size.sqrt() * largest.sqrt();
        let epsilon = if size_of::<T>() == size_of::<f64>() { f64::EPSILON } else { f64::from(f32::EPSILON) };
        Fingerprint { sum, norm, not_finite, epsilon, threads: rayon::current_num_threads() }
    }

    /// Whether values are the same, but for rounding.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let roundings = if self.threads == other.threads { ROUNDINGS } else { OTHER_THREADS };
        let allowed = roundings * self.epsilon * self.norm.max(other.norm);
        (self.sum - other.sum).abs() <= allowed && self.not_finite.to_bits() == other.not_finite.to_bits()
    }
}

/// Weights of both signs, from 0.5 to 1.5 in size, without a pattern: the next of a sequence, by a multiplication.
struct Weights(u64);

impl Weights {
    #[inline(always)]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = u32::try_from(self.0 >> 32).unwrap_or_default();
        let size = 0.5 + f64::from(high >> 1) / f64::from(1u32 << 31);
        if high & 1 == 0 { size } else { -size }
    }
}

/// What a part of the values comes to, to scale.
struct Summary {
    sum: f64,
    /// The sum of the sizes.
    size: f64,
    largest: f64,
    not_finite: f64,
}

/// A part of the values that is summed on vectors. (As a closure the work would be too much to become part of the loop.)
struct Summed<'a, T> {
    /// Each part has weights of its own.
    seed: usize,
    part: &'a [T],
}

impl<T: Real> WithSimd for Summed<'_, T> {
    type Output = Summary;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Summary {
        Sums::of(self.part, Weights(self.seed as u64)).summary()
    }
}

/// Sums side by side, all to scale.
struct Sums {
    weights: Weights,
    of_lanes: [f64; LANES],
    weighted: [f64; LANES],
    sizes: [f64; LANES],
    largest: [f64; LANES],
    not_finite: f64,
}

impl Sums {
    #[inline(always)]
    fn of<T: Real>(values: &[T], mut weights: Weights) -> Self {
        let zeros = [0.0; LANES];
        let of_lanes = std::array::from_fn(|_| weights.next());
        let mut sums = Sums { weights, of_lanes, weighted: zeros, sizes: zeros, largest: zeros, not_finite: 0.0 };
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            sums.take(chunk.map(T::to_f64));
        }
        if !rest.is_empty() {
            sums.take(std::array::from_fn(|lane| rest.get(lane).map_or(0.0, |x| x.to_f64())));
        }
        sums
    }

    #[inline(always)]
    fn take(&mut self, mut chunk: [f64; LANES]) {
        let weight = self.weights.next();
        if chunk.iter().fold(false, |any, x| any | !x.is_finite()) {
            self.not_finite += weight * without_numbers(&mut chunk, &self.of_lanes);
        }
        for (lane, x) in chunk.into_iter().enumerate() {
            let (x, largest) = (SCALE * x, self.largest[lane]);
            self.weighted[lane] += weight * x;
            self.sizes[lane] += x.abs();
            self.largest[lane] = if x.abs() > largest { x.abs() } else { largest };
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            sum: self.weighted.iter().zip(self.of_lanes).map(|(sum, weight)| sum * weight).sum(),
            size: self.sizes.iter().sum(),
            largest: self.largest.iter().fold(0.0, |a: f64, b| a.max(*b)),
            not_finite: self.not_finite,
        }
    }
}

/// Makes zeros of what is not finite, and tells where it was. A NaN is like any other.
#[cold]
#[inline(never)]
fn without_numbers(values: &mut [f64; LANES], of_lanes: &[f64; LANES]) -> f64 {
    let mut sum = 0.0;
    for (value, weight) in values.iter_mut().zip(of_lanes).filter(|(value, _)| !value.is_finite()) {
        let kind = if value.is_nan() { 1.0 } else { value.signum() * 2.0 };
        sum += weight * kind;
        *value = 0.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, LANES};
    use crate::element::Real;

    fn numbers(count: usize) -> Vec<f64> {
        let mut next = super::Weights(7);
        (0..count).map(|_| next.next()).collect()
    }

    fn differ<T: Real>(a: &[T], b: &[T]) -> bool {
        !Fingerprint::of(a).agrees_with(&Fingerprint::of(b))
    }

    #[test]
    fn one_other_element_is_seen_and_so_is_another_order() {
        for count in [1, 2, LANES - 1, LANES, LANES + 1, 1000, 100_000] {
            let values = numbers(count);
            assert!(!differ(&values, &values));
            for place in [0, count / 2, count - 1] {
                let mut other = values.clone();
                other[place] *= 1.0 + 1e-9;
                assert!(differ(&values, &other), "{place} of {count}");
                other[place] = f64::NAN;
                assert!(differ(&values, &other) && !differ(&other, &other), "{place} of {count}");
                let mut infinite = values.clone();
                infinite[place] = f64::INFINITY;
                assert!(differ(&infinite, &other) && !differ(&infinite, &infinite), "{place} of {count}");
                other.clone_from(&infinite);
                other[place] = f64::NEG_INFINITY;
                assert!(differ(&infinite, &other), "{place} of {count}");
            }
            for by in [1, LANES, LANES * 5].into_iter().filter(|by| *by < count) {
                let mut other = values.clone();
                other.rotate_left(by);
                assert!(differ(&values, &other), "{by} of {count}");
                other.clone_from(&values);
                other.swap(0, by);
                assert!(differ(&values, &other), "{by} of {count}");
            }
        }
    }

    #[test]
    fn roundings_are_not_seen() {
        let values: Vec<f32> = numbers(100_000).into_iter().map(f32::of).collect();
        let rounded: Vec<f32> =
            values.iter().zip(0..).map(|(x, k)| if k % 3 == 0 { x.next_up() } else { *x }).collect();
        assert!(!differ(&values, &rounded));
        let other: Vec<f32> = values.iter().map(|x| x * 1.001).collect();
        assert!(differ(&values, &other));
    }

    #[test]
    fn the_ends_of_the_range() {
        for size in [f64::MAX, 1e300, 1e-200, 1e-300] {
            let values: Vec<f64> = numbers(1000).iter().map(|x| size / 1.5 * x).collect();
            let mut other = values.clone();
            assert!(!differ(&values, &other));
            other[500] *= -1.0;
            assert!(size < 1e-280 || differ(&values, &other), "{size}");
        }
        assert!(!differ::<f64>(&[], &[]));
        assert!(!differ(&[0.0], &[-0.0]));
        assert!(differ(&[0.0], &[1.0]));
        let nan = f64::from_bits(f64::NAN.to_bits() ^ 1 << 63 | 5);
        assert!(nan.is_nan() && !differ(&[nan, 1.0], &[f64::NAN, 1.0]));
    }
}
