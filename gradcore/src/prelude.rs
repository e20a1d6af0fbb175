//! Everything that a program needs: `use gradcore::prelude::*;`.

pub use crate::check::{check_gradients, directions, elementwise, not_a_derivative, not_linear, order};
pub use crate::tape::{UnconnectedGradients, output_gradients, unconnected_gradients};
pub use crate::tf::options::{axis, keepdims, maxval, mean, minval, perm, seed, stddev, transpose_a, transpose_b};
pub use crate::{
    Element, Error, ForwardAccumulator, GradientTape, NotImplemented, Number, PersistentTape, Real, Tensor, Variable,
    custom_gradient, functional, optimizers, tf,
};
