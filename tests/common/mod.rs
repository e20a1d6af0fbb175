//! What several test files share: comparison of tensors with known numbers.

use gradcore::Element;
use gradcore::prelude::*;

/// How far numbers may be off.
#[derive(Clone, Copy)]
pub(crate) enum Rounding {
    /// In proportion to the expected value: for what one function computes of its arguments. Zeros keep their sign.
    Relative,
    /// In proportion to the expected value, or to 1 where that is greater: for what differences and sums may have
    /// cancelled, such as 1 - tanh² x. The sign of a zero counts for nothing.
    Floored,
}

/// A scalar that is compared as its dtype allows.
pub(crate) trait Close: Element {
    /// Whether `self` is `expected` but for rounding.
    fn is_close(self, expected: Self, rounding: Rounding) -> bool;
}

/// Floats: zeros, infinities and NaN are exact.
macro_rules! floats {
    ($($type:ident $tolerance:literal)+) => { $(
        impl Close for $type {
            fn is_close(self, expected: Self, rounding: Rounding) -> bool {
                match (expected == 0.0, rounding) {
                    (true, Rounding::Relative) => self == 0.0 && self.is_sign_negative() == expected.is_sign_negative(),
                    (true, Rounding::Floored) => self == 0.0,
                    _ if expected.is_nan() => self.is_nan(),
                    _ if expected.is_infinite() => self.is_infinite() && self.is_sign_negative() == expected.is_sign_negative(),
                    (false, Rounding::Relative) => (self - expected).abs() <= $tolerance * expected.abs(),
                    (false, Rounding::Floored) => (self - expected).abs() <= $tolerance * expected.abs().max(1.0),
                }
            }
        }
    )+ };
}
floats!(f32 1e-6 f64 1e-12);

macro_rules! exact {
    ($($type:ident)+) => { $(
        impl Close for $type {
            fn is_close(self, expected: Self, _: Rounding) -> bool {
                self == expected
            }
        }
    )+ };
}
exact!(i32 i64 u8 bool);

/// A sentence for each difference between a tensor and what it should be; none if there is none.
pub(crate) fn differences<T: Close>(
    what: &str,
    found: &Tensor<T>,
    expected: &Tensor<T>,
    rounding: Rounding,
) -> Vec<String> {
    if found.shape() != expected.shape() {
        return vec![format!("{what}: expected shape {:?}, found {:?}", expected.shape(), found.shape())];
    }
    let pairs = found.to_vec().into_iter().zip(expected.to_vec()).enumerate();
    pairs
        .filter(|(_, (found, expected))| !found.is_close(*expected, rounding))
        .map(|(index, (found, expected))| format!("{what}[{index}]: expected {expected:?}, found {found:?}"))
        .collect()
}

/// Fails with every difference between a tensor and what it should be.
#[track_caller]
pub(crate) fn assert_close<T: Close>(what: &str, found: &Tensor<T>, expected: &Tensor<T>) {
    let differences = differences(what, found, expected, Rounding::Floored);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
