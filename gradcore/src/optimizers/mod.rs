//! Optimizers (Keras's `optimizers`), with its defaults: they change variables by their gradients.

mod adam;
mod sgd;

pub use adam::Adam;
pub use sgd::Sgd;

use crate::element::Real;
use crate::error::Error;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// Gradients, each with its variable.
type Pairs<'v, T> = Vec<(Tensor<T>, &'v mut Variable<T>)>;

/// The pairs, once every gradient is known to have the shape of its variable: an update is made whole or not at all.
fn fitting<'v, T: Real>(
    pairs: impl IntoIterator<Item = (Tensor<T>, &'v mut Variable<T>)>,
) -> Result<Pairs<'v, T>, Error> {
    let pairs: Vec<_> = pairs.into_iter().collect();
    for (gradient, variable) in &pairs {
        variable.expect_shape("apply_gradients", gradient.shape())?;
    }
    Ok(pairs)
}
