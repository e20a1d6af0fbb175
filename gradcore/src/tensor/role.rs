//! What the zeros of a tensor say in a derivative.
//!
//! A zero that comes of a choice — of `where_`, `relu`, a limit, an output that nobody used, an upstream gradient or a tangent
//! that is given as 0 — says that nothing flows there. It absorbs whatever slope it meets on its way, ∞ and NaN too. A zero
//! that was computed says no such thing: 1 / (1 + eˣ) times eˣ is 1 for a large x, and 0 · ∞ on a machine, which must stay NaN.
//! So gradients and tangents tell the two apart, by a bit that floats have and nobody reads: within a derivative -0 is a zero of
//! choice, in a tensor that may have some.

use super::{Storage, Tensor};
use crate::element::Element;
use crate::shape::Shape;

/// What a tensor is in a derivative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// No part of it, or a value.
    Value,
    /// A gradient or a tangent without zeros of choice: its zeros are what was computed, whatever their sign.
    Gradient,
    /// A gradient or a tangent in which -0 is a zero of choice, and +0 what was computed.
    Choices,
}

impl Role {
    /// The role of a product or a quotient.
    #[inline]
    pub(crate) fn of_product(self, other: Role) -> Role {
        self.max(other)
    }

    /// The role of a sum: -0 - 0 is -0, and a value that is 0 adds nothing.
    #[inline]
    pub(crate) fn of_sum(self, other: Role) -> Role {
        match (self, other) {
            (Role::Gradient, _) | (_, Role::Gradient) => Role::Gradient,
            (one, two) => one.max(two),
        }
    }

    #[inline]
    pub(crate) fn has_choices(self) -> bool {
        self == Role::Choices
    }
}

impl<T> Tensor<T> {
    #[inline]
    pub(crate) fn role(&self) -> Role {
        match self.storage {
            Storage::Scalar(role, _) | Storage::Dense(role, _) => role,
        }
    }

    /// The same tensor in another role, which its zeros fulfil.
    #[inline]
    pub(crate) fn with_role(mut self, role: Role) -> Self {
        self.set_role(role);
        self
    }

    #[inline]
    fn set_role(&mut self, role: Role) {
        match &mut self.storage {
            Storage::Scalar(own, _) | Storage::Dense(own, _) => *own = role,
        }
    }

    /// Marks it as a gradient, if it is a value: its zeros were computed.
    #[inline]
    pub(crate) fn become_gradient(&mut self) {
        self.set_role(self.role().max(Role::Gradient));
    }
}

impl<T: Element> Tensor<T> {
    /// The same tensor as a value: no sign tells zeros from each other.
    #[inline]
    pub(crate) fn into_value(mut self) -> Self {
        self.become_value();
        self
    }

    /// As [`into_value`](Self::into_value), in place: what was just made is slow to move.
    #[inline]
    pub(crate) fn become_value(&mut self) {
        if self.role().has_choices() {
            *self = std::mem::replace(self, Tensor::scalar(T::NOTHING)).with_elements(T::without_choice);
        }
        self.set_role(Role::Value);
    }

    /// As an upstream gradient or a tangent, a value that somebody gives: where it is 0, nothing flows.
    pub(crate) fn into_start(self) -> Self {
        if !self.values().contains(&T::default()) {
            return self.with_role(Role::Gradient);
        }
        self.with_elements(T::or_no_choice).with_role(Role::Choices)
    }

    /// The same gradient, in which what is 0 where another has a zero of choice is one.
    pub(crate) fn with_choices_of(self, other: &Self) -> Self {
        if !other.role().has_choices() || self.shape() != other.shape() {
            return self;
        }
        let pairs = self.values().iter().zip(other.values());
        let marked = pairs.map(|(value, other)| match other.is_no_choice() {
            true => value.or_no_choice(),
            false => value.without_choice(),
        });
        let values = marked.collect();
        Tensor::of_shape(self.shared_shape(), values).renewed(self.identity()).with_role(Role::Choices)
    }

    /// A gradient through which nothing flows.
    ///
    /// # Panics
    /// Panics if memory for it cannot be had.
    #[track_caller]
    pub(crate) fn nothing(operation: &'static str, shape: Shape) -> Self {
        Tensor::filled(operation, shape, T::NO_CHOICE).with_role(Role::Choices)
    }

    /// As part of a gradient whose other zeros are zeros of choice.
    pub(crate) fn into_choices(self) -> Self {
        let has_other = |tensor: &Self| tensor.values().iter().any(|value| value.is_no_choice());
        match self.role() {
            Role::Value => self.with_elements(T::or_no_choice).with_role(Role::Choices),
            Role::Gradient if has_other(&self) => self.with_elements(T::without_choice).with_role(Role::Choices),
            Role::Gradient | Role::Choices => self.with_role(Role::Choices),
        }
    }

    /// The same tensor, a value, of other elements.
    fn with_elements(mut self, change: impl Fn(T) -> T) -> Self {
        if let Some(values) = self.values_mut() {
            values.iter_mut().for_each(|value| *value = change(*value));
            return self.with_role(Role::Value);
        }
        let values = self.values();
        let changed = Tensor::overwritten("gradient", self.shared_shape(), |out| {
            out.iter_mut().zip(values).for_each(|(out, value)| *out = change(*value));
        });
        changed.renewed(self.identity())
    }
}
