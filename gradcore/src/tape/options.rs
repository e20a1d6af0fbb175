//! What Python passes to `tape.gradient` by keyword.

use std::marker::PhantomData;

use super::structure::{Differentiable, handles};
use crate::tensor::Erased;

/// What stands for a gradient that does not exist (TensorFlow's `UnconnectedGradients`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnconnectedGradients {
    /// An error that says why there is none.
    #[default]
    None,
    /// Zeros of the source's shape.
    Zero,
}

/// Keyword arguments of [`GradientTape::gradient_with`](super::GradientTape::gradient_with): begin with
/// [`output_gradients`] or [`unconnected_gradients`].
pub struct GradientOptions<G> {
    /// The output gradients, if any were given.
    pub(super) seeds: Option<Vec<Erased>>,
    pub(super) unconnected: UnconnectedGradients,
    structure: PhantomData<G>,
}

/// The pass begins with ones.
pub struct Ones;

/// The pass begins with tensors in the structure `Y`.
pub struct Like<Y>(PhantomData<Y>);

/// Options whose output gradients, if any, have the structure `Y` of the target.
#[diagnostic::on_unimplemented(
    message = "`output_gradients` must have the structure and dtypes of the target, `{Y}`",
    label = "these output gradients are for another target"
)]
pub trait Fits<Y> {}
impl<Y> Fits<Y> for Ones {}
impl<Y> Fits<Y> for Like<Y> {}

/// The gradients that reach the targets from outside, in the structure of the targets; each has the shape of its
/// target or is a scalar. Without this option they are ones.
pub fn output_gradients<G: Differentiable>(gradients: G) -> GradientOptions<Like<G::Gradients>> {
    GradientOptions {
        seeds: Some(handles(&gradients)),
        unconnected: UnconnectedGradients::None,
        structure: PhantomData,
    }
}

/// What stands for gradients that do not exist: an error, or zeros.
#[must_use]
pub fn unconnected_gradients(unconnected: UnconnectedGradients) -> GradientOptions<Ones> {
    GradientOptions { seeds: None, unconnected, structure: PhantomData }
}

impl<G> GradientOptions<G> {
    /// What stands for gradients that do not exist: an error, or zeros.
    #[must_use]
    pub fn unconnected_gradients(self, unconnected: UnconnectedGradients) -> Self {
        GradientOptions { unconnected, ..self }
    }
}

impl GradientOptions<Ones> {
    /// The gradients that reach the targets from outside: see [`output_gradients`].
    #[must_use]
    pub fn output_gradients<G: Differentiable>(self, gradients: G) -> GradientOptions<Like<G::Gradients>> {
        output_gradients(gradients).unconnected_gradients(self.unconnected)
    }
}
