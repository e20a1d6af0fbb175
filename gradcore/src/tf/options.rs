//! What Python passes by keyword is the last argument: `..` for the defaults, or options.
//!
//! An option is a function named as the keyword, and further options chain: `axis(1).keepdims(true)`,
//! `transpose_b(true)`, `seed(7).stddev(0.1)`. The axis of a reduction may be a plain number, as in Python:
//! `tf::reduce_sum(x, 1)`.
//!
//! The prelude brings these functions in. Where a name of your own hides one, say `tf::axis(…)`.

use std::ops::RangeFull;

use crate::error::{Error, or_refuse};
use crate::shape::{axis_index, axis_indices};

/// The axes along which something is reduced, and whether they are kept with size 1.
#[derive(Clone, Debug)]
pub struct Axes {
    /// From either end; all if `None`.
    pub(super) axes: Option<Vec<isize>>,
    pub(super) keepdims: bool,
}

/// One axis, several, or `..` for all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no axes",
    label = "expected an integer, an array of integers, or `..` for all axes"
)]
pub trait AxisList {
    #[doc(hidden)]
    fn listed(self) -> Option<Vec<isize>>;
}

impl AxisList for isize {
    fn listed(self) -> Option<Vec<isize>> {
        Some(vec![self])
    }
}
impl<const N: usize> AxisList for [isize; N] {
    fn listed(self) -> Option<Vec<isize>> {
        Some(self.to_vec())
    }
}
impl AxisList for &[isize] {
    fn listed(self) -> Option<Vec<isize>> {
        Some(self.to_vec())
    }
}
impl AxisList for RangeFull {
    fn listed(self) -> Option<Vec<isize>> {
        None
    }
}

/// The axes to work along, negative ones counted from the last: `axis(1)`, `axis([0, -1])`, `axis(..)`.
pub fn axis(axes: impl AxisList) -> Axes {
    Axes { axes: axes.listed(), keepdims: false }
}

/// All axes, kept with size 1 if `true`.
#[must_use]
pub fn keepdims(keepdims: bool) -> Axes {
    Axes { axes: None, keepdims }
}

impl Axes {
    /// Whether reduced axes are kept with size 1.
    #[must_use]
    pub fn keepdims(self, keepdims: bool) -> Self {
        Axes { keepdims, ..self }
    }

    /// The axes of a shape, counted from the first.
    ///
    /// # Panics
    /// Panics if one is out of range or named twice.
    #[track_caller]
    pub(super) fn all_of(&self, operation: &'static str, shape: &[usize]) -> Vec<usize> {
        let Some(axes) = &self.axes else { return (0..shape.len()).collect() };
        or_refuse(axis_indices(operation, axes, shape)).to_vec()
    }

    /// The one axis of a shape, counted from the first.
    ///
    /// # Panics
    /// Panics if it is out of range, or there are several.
    #[track_caller]
    pub(super) fn only_one(&self, operation: &'static str, shape: &[usize]) -> usize {
        or_refuse(match self.axes.as_deref() {
            Some([axis]) => axis_index(operation, *axis, shape),
            axes => Err(Error::Argument {
                operation,
                expected: "one axis, such as `axis(-1)`".into(),
                found: axes.map_or("all".into(), |axes| format!("{axes:?}")),
            }),
        })
    }
}

/// What Python passes by position: `..` for all axes, an axis, or several.
macro_rules! axes_from {
    ($($list:ty $(, $size:ident)?;)+) => { $(
        impl $(<const $size: usize>)? From<$list> for Axes {
            fn from(axes: $list) -> Self {
                axis(axes)
            }
        }
    )+ };
}
axes_from!(RangeFull; isize; [isize; N], N;);

/// Integers that are a shape: an array, vector or slice of `i32`, `isize` or `usize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no shape",
    label = "expected an array such as `[2, -1]` or `[x.shape()[0], 4]`, or another tensor's `shape()`",
    note = "the sizes are all `i32`, all `isize` or all `usize`; an array has up to 12"
)]
pub trait Sizes {
    #[doc(hidden)]
    fn listed(self) -> Vec<isize>;
}

/// No sizes are of one type alone, so that `[]` needs none. (For the same reason the lengths of arrays are counted out; the
/// literals in them are `i32`, if nothing else says what they are.)
impl Sizes for [isize; 0] {
    fn listed(self) -> Vec<isize> {
        Vec::new()
    }
}

macro_rules! arrays_of_sizes {
    ($($integer:ident)+) => { $(
        arrays_of_sizes! { @of $integer, 1 2 3 4 5 6 7 8 9 10 11 12 }
    )+ };
    (@of $integer:ident, $($count:literal)+) => { $(
        #[diagnostic::do_not_recommend]
        impl Sizes for [$integer; $count] {
            fn listed(self) -> Vec<isize> {
                Sizes::listed(&self[..])
            }
        }
    )+ };
}
arrays_of_sizes!(i32 isize usize);

macro_rules! sizes {
    ($($integer:ident)+) => { $(
        sizes! { @of &[$integer], Vec<$integer>, &Vec<$integer> }
    )+ };
    (@of $($list:ty),+) => { $(
        impl Sizes for $list {
            fn listed(self) -> Vec<isize> {
                self.iter().map(|&size| isize::try_from(size).unwrap_or(isize::MAX)).collect()
            }
        }
    )+ };
}
sizes!(i32 isize usize);

/// An order of axes; reversed if none is given.
#[derive(Clone, Debug)]
pub struct Permutation(pub(super) Option<Vec<isize>>);

impl From<RangeFull> for Permutation {
    fn from(_: RangeFull) -> Self {
        Permutation(None)
    }
}

/// The order of the axes of the result: `perm([1, 0, 2])`.
pub fn perm(axes: impl AsRef<[isize]>) -> Permutation {
    Permutation(Some(axes.as_ref().to_vec()))
}

/// Options of [`matmul`](super::matmul).
#[derive(Clone, Copy, Debug, Default)]
pub struct MatmulOptions {
    pub(super) transpose_a: bool,
    pub(super) transpose_b: bool,
}

/// Whether the first matrix is transposed.
#[must_use]
pub fn transpose_a(transpose: bool) -> MatmulOptions {
    MatmulOptions::default().transpose_a(transpose)
}

/// Whether the second matrix is transposed.
#[must_use]
pub fn transpose_b(transpose: bool) -> MatmulOptions {
    MatmulOptions::default().transpose_b(transpose)
}

impl MatmulOptions {
    /// Whether the first matrix is transposed.
    #[must_use]
    pub fn transpose_a(self, transpose: bool) -> Self {
        MatmulOptions { transpose_a: transpose, ..self }
    }

    /// Whether the second matrix is transposed.
    #[must_use]
    pub fn transpose_b(self, transpose: bool) -> Self {
        MatmulOptions { transpose_b: transpose, ..self }
    }
}

/// Where random numbers start: equal seeds give equal numbers.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub(crate) u64);

/// Options of [`random::normal`](super::random::normal): mean 0 and standard deviation 1 unless said.
#[derive(Clone, Copy, Debug)]
pub struct NormalOptions {
    pub(super) mean: f64,
    pub(super) stddev: f64,
    pub(super) seed: Option<u64>,
}

/// Options of [`random::uniform`](super::random::uniform): from 0 to 1 unless said.
#[derive(Clone, Copy, Debug)]
pub struct UniformOptions {
    pub(super) minval: f64,
    pub(super) maxval: f64,
    pub(super) seed: Option<u64>,
}

impl Default for NormalOptions {
    fn default() -> Self {
        NormalOptions { mean: 0.0, stddev: 1.0, seed: None }
    }
}

impl Default for UniformOptions {
    fn default() -> Self {
        UniformOptions { minval: 0.0, maxval: 1.0, seed: None }
    }
}

/// `..` leaves every option at its default.
macro_rules! defaults {
    ($($options:ident)+) => { $(
        impl From<RangeFull> for $options {
            fn from(_: RangeFull) -> Self {
                $options::default()
            }
        }
    )+ };
}
defaults!(MatmulOptions NormalOptions UniformOptions);

impl From<Seed> for NormalOptions {
    fn from(seed: Seed) -> Self {
        NormalOptions { seed: Some(seed.0), ..Self::default() }
    }
}

impl From<Seed> for UniformOptions {
    fn from(seed: Seed) -> Self {
        UniformOptions { seed: Some(seed.0), ..Self::default() }
    }
}

/// Where random numbers start: equal seeds give equal numbers.
#[must_use]
pub fn seed(seed: u64) -> Seed {
    Seed(seed)
}

/// The mean of a normal distribution.
#[must_use]
pub fn mean(mean: f64) -> NormalOptions {
    NormalOptions::default().mean(mean)
}

/// The standard deviation of a normal distribution.
#[must_use]
pub fn stddev(stddev: f64) -> NormalOptions {
    NormalOptions::default().stddev(stddev)
}

/// The lower end of a uniform distribution, included.
#[must_use]
pub fn minval(minval: f64) -> UniformOptions {
    UniformOptions::default().minval(minval)
}

/// The upper end of a uniform distribution, excluded.
#[must_use]
pub fn maxval(maxval: f64) -> UniformOptions {
    UniformOptions::default().maxval(maxval)
}

impl Seed {
    /// The mean of a normal distribution.
    #[must_use]
    pub fn mean(self, mean: f64) -> NormalOptions {
        NormalOptions::from(self).mean(mean)
    }

    /// The standard deviation of a normal distribution.
    #[must_use]
    pub fn stddev(self, stddev: f64) -> NormalOptions {
        NormalOptions::from(self).stddev(stddev)
    }

    /// The lower end of a uniform distribution, included.
    #[must_use]
    pub fn minval(self, minval: f64) -> UniformOptions {
        UniformOptions::from(self).minval(minval)
    }

    /// The upper end of a uniform distribution, excluded.
    #[must_use]
    pub fn maxval(self, maxval: f64) -> UniformOptions {
        UniformOptions::from(self).maxval(maxval)
    }
}

impl NormalOptions {
    /// The mean.
    #[must_use]
    pub fn mean(self, mean: f64) -> Self {
        NormalOptions { mean, ..self }
    }

    /// The standard deviation.
    #[must_use]
    pub fn stddev(self, stddev: f64) -> Self {
        NormalOptions { stddev, ..self }
    }

    /// Where random numbers start: equal seeds give equal numbers.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        NormalOptions { seed: Some(seed), ..self }
    }
}

impl UniformOptions {
    /// The lower end, included.
    #[must_use]
    pub fn minval(self, minval: f64) -> Self {
        UniformOptions { minval, ..self }
    }

    /// The upper end, excluded.
    #[must_use]
    pub fn maxval(self, maxval: f64) -> Self {
        UniformOptions { maxval, ..self }
    }

    /// Where random numbers start: equal seeds give equal numbers.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        UniformOptions { seed: Some(seed), ..self }
    }
}
