//! How thoroughly gradients are checked, and for what.

use std::ops::RangeFull;

use crate::tf::options::Seed;

/// Options of [`check_gradients`](super::check_gradients), which chain: begin with [`directions`], [`order`],
/// [`elementwise`], [`not_a_derivative`], [`not_linear`] or [`seed`](crate::tf::options::seed).
///
/// Unless something else is said it is seed 0, 3 directions, and order 1.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    pub(super) seed: u64,
    pub(super) directions: usize,
    pub(super) order: usize,
    pub(super) elementwise: bool,
    pub(super) any_length: bool,
    pub(super) exempt: Option<Exempt>,
}

/// What a gradient need not be, on purpose.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Exempt {
    /// The derivative, for this reason.
    Derivative(String),
    /// The derivative, nor linear in the upstream gradient, for this reason.
    Linear(String),
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions { seed: 0, directions: 3, order: 1, elementwise: false, any_length: false, exempt: None }
    }
}

impl From<RangeFull> for CheckOptions {
    fn from(_: RangeFull) -> Self {
        CheckOptions::default()
    }
}

impl From<Seed> for CheckOptions {
    fn from(seed: Seed) -> Self {
        CheckOptions { seed: seed.0, ..CheckOptions::default() }
    }
}

/// In how many random directions each input is moved, each with weights of its own on the outputs; at least one.
#[must_use]
pub fn directions(directions: usize) -> CheckOptions {
    CheckOptions::default().directions(directions)
}

/// With 2, second derivatives are checked too: see [`CheckOptions::order`].
///
/// # Panics
/// Panics if `order` is neither 1 nor 2.
#[must_use]
#[track_caller]
pub fn order(order: usize) -> CheckOptions {
    CheckOptions::default().order(order)
}

/// The function works element by element: see [`CheckOptions::elementwise`].
#[must_use]
pub fn elementwise() -> CheckOptions {
    CheckOptions::default().elementwise()
}

/// The gradient is no derivative, on purpose: see [`CheckOptions::not_a_derivative`].
///
/// # Panics
/// Panics if the reason is empty.
#[must_use]
#[track_caller]
pub fn not_a_derivative(reason: impl Into<String>) -> CheckOptions {
    CheckOptions::default().not_a_derivative(reason)
}

/// The gradient is not linear in its upstream, on purpose: see [`CheckOptions::not_linear`].
///
/// # Panics
/// Panics if the reason is empty.
#[must_use]
#[track_caller]
pub fn not_linear(reason: impl Into<String>) -> CheckOptions {
    CheckOptions::default().not_linear(reason)
}

impl CheckOptions {
    /// In how many random directions each input is moved, each with weights of its own on the outputs; at least one.
    #[must_use]
    pub fn directions(self, directions: usize) -> Self {
        CheckOptions { directions: directions.max(1), ..self }
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        CheckOptions { seed, ..self }
    }

    /// With 2, the gradient is checked as a function of its own: its derivatives, with respect to the inputs and the
    /// upstream gradient, are compared with differences of the gradient. A second derivative that is refused with
    /// [`Error::HigherDerivative`](crate::Error::HigherDerivative) is not wrong; the report says so.
    ///
    /// # Panics
    /// Panics if `order` is neither 1 nor 2.
    #[must_use]
    #[track_caller]
    pub fn order(self, order: usize) -> Self {
        assert!(matches!(order, 1 | 2), "expected an order of 1 or 2, found {order}");
        CheckOptions { order, ..self }
    }

    /// The function works element by element, and broadcasts as operators do: an element of an output depends on the
    /// elements of the inputs at its own place alone. Then each element of each gradient is compared, every wrong one is
    /// listed, and there are only as many evaluations as the logarithm of the size. That the function is so is checked.
    #[must_use]
    pub fn elementwise(self) -> Self {
        CheckOptions { elementwise: true, ..self }
    }

    /// The function works element by element, and uses nothing else that has a shape: it is also run on inputs without
    /// elements, and on inputs of one element.
    #[must_use]
    pub fn any_length(self) -> Self {
        CheckOptions { elementwise: true, any_length: true, ..self }
    }

    /// The gradient is no derivative, on purpose, for a reason that the report repeats: a straight-through estimator, a
    /// reversed gradient. It is not compared with differences; whatever holds for every gradient is still checked.
    ///
    /// # Panics
    /// Panics if the reason is empty.
    #[must_use]
    #[track_caller]
    pub fn not_a_derivative(self, reason: impl Into<String>) -> Self {
        CheckOptions { exempt: Some(Exempt::Derivative(given(reason))), ..self }
    }

    /// The gradient is not linear in the upstream gradient, on purpose, and so no derivative either: a clipped gradient.
    /// As [`CheckOptions::not_a_derivative`], and linearity is not checked.
    ///
    /// # Panics
    /// Panics if the reason is empty.
    #[must_use]
    #[track_caller]
    pub fn not_linear(self, reason: impl Into<String>) -> Self {
        CheckOptions { exempt: Some(Exempt::Linear(given(reason))), ..self }
    }
}

#[track_caller]
fn given(reason: impl Into<String>) -> String {
    let reason = reason.into();
    assert!(!reason.trim().is_empty(), "expected a reason, found an empty one; say what the gradient is instead");
    reason
}

impl Seed {
    /// In how many random directions each input of [`check_gradients`](super::check_gradients) is moved.
    #[must_use]
    pub fn directions(self, directions: usize) -> CheckOptions {
        CheckOptions::from(self).directions(directions)
    }
}
