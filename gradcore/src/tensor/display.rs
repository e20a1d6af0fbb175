//! How tensors print: as TensorFlow's and Rust's lists, floats with a point.

use std::fmt;

use super::{Element, Tensor};

/// Prints as `{:?}` does, so that `1.0` stays a float.
struct Shown<T>(T);

impl<T: fmt::Debug> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The elements in nested brackets; long axes are abbreviated, and a precision (`{:.3}`) rounds each element.
impl<T: Element> fmt::Display for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_value().seen_as_array().mapv(Shown).fmt(f)
    }
}

impl<T: Element> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({self}, shape={:?}, dtype={})", self.shape(), T::NAME)
    }
}
