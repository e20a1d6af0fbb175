//! Random tensors (TensorFlow's `random`), reproducible from a seed on every machine.

use rand::RngExt;
use rand::rngs::ChaCha12Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

use super::options::{NormalOptions, UniformOptions};
use crate::buffers;
use crate::element::Real;
use crate::error::{Error, or_refuse, refuse};
use crate::random;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Seeds what this thread draws from where no seed is given.
pub fn set_seed(seed: u64) {
    random::set_seed(seed);
}

#[track_caller]
fn draw<T: Real>(
    operation: &'static str,
    shape: &[usize],
    seed: Option<u64>,
    number: impl Fn(&mut ChaCha12Rng) -> f64,
) -> Tensor<T> {
    let shape = or_refuse(Shape::new(operation, shape));
    let mut values = buffers::reserved(operation, &shape);
    let size = shape.size();
    random::draw(seed, |generator| values.extend((0..size).map(|_| T::of(number(generator)))));
    Tensor::of_shape(shape, values)
}

/// Normally distributed numbers of mean 0 and standard deviation 1 (`..`), or as the options say:
/// `normal([2, 3], seed(7).stddev(0.1))`.
///
/// ```
/// use gradcore::prelude::*;
///
/// let a: Tensor = tf::random::normal([2, 3], seed(7));
/// let b: Tensor = tf::random::normal([2, 3], seed(7));
/// assert_eq!(a.to_vec(), b.to_vec());
/// ```
///
/// # Panics
/// Panics if the standard deviation is negative or not finite.
#[track_caller]
#[must_use]
pub fn normal<T: Real>(shape: impl AsRef<[usize]>, options: impl Into<NormalOptions>) -> Tensor<T> {
    let NormalOptions { mean, stddev, seed } = options.into();
    if !(stddev >= 0.0 && stddev.is_finite()) {
        refuse(&Error::Argument {
            operation: "normal",
            expected: "`stddev` to be finite and not negative".into(),
            found: stddev.to_string(),
        });
    }
    draw("normal", shape.as_ref(), seed, |generator| {
        let deviation: f64 = StandardNormal.sample(generator);
        mean + stddev * deviation
    })
}

/// Numbers distributed evenly from 0 (included) to 1 (excluded) (`..`), or as the options say:
/// `uniform([2, 3], minval(-1.0).seed(7))`.
///
/// # Panics
/// Panics unless `minval` is below `maxval`.
#[track_caller]
#[must_use]
pub fn uniform<T: Real>(shape: impl AsRef<[usize]>, options: impl Into<UniformOptions>) -> Tensor<T> {
    let UniformOptions { minval, maxval, seed } = options.into();
    if !(minval < maxval && (maxval - minval).is_finite()) {
        refuse(&Error::Argument {
            operation: "uniform",
            expected: format!("`maxval` above `minval`, {minval}"),
            found: maxval.to_string(),
        });
    }
    draw("uniform", shape.as_ref(), seed, |generator| {
        let part: f64 = generator.sample(StandardUniform);
        minval + (maxval - minval) * part
    })
}
