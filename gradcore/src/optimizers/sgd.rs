//! Stochastic gradient descent.

use rustc_hash::FxHashMap;

use super::fitting;
use crate::element::Real;
use crate::error::Error;
use crate::kernels::loops::{self, Stretched};
use crate::tensor::Tensor;
use crate::variable::Variable;

/// Stochastic gradient descent, with momentum if asked for (Keras's `SGD`).
///
/// ```
/// use gradcore::prelude::*;
///
/// let mut w: Variable = Variable::new([1.0, 2.0]);
/// let mut optimizer = optimizers::Sgd::new(0.5);
/// optimizer.apply_gradients([(tf::constant([1.0, 1.0]), &mut w)])?;
/// assert_eq!(w.to_vec(), [0.5, 1.5]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Sgd<T = f32> {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
    /// By variable.
    velocities: FxHashMap<u64, Vec<T>>,
}

impl<T: Real> Sgd<T> {
    /// Descent by `learning_rate` times the gradient (Keras's default is 0.01).
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Sgd { learning_rate, momentum: 0.0, nesterov: false, velocities: FxHashMap::default() }
    }

    /// The part of the last step that is added to the next (0 unless said).
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        Sgd { momentum, ..self }
    }

    /// Whether momentum is Nesterov's.
    #[must_use]
    pub fn nesterov(self, nesterov: bool) -> Self {
        Sgd { nesterov, ..self }
    }

    /// Changes each variable by its gradient: v ← momentum · v - rate · g, w ← w + v; with Nesterov's momentum
    /// w ← w + momentum · v - rate · g.
    ///
    /// # Errors
    /// [`Error::VariableShape`] if a gradient has another shape than its variable; no variable has changed then.
    pub fn apply_gradients<'v>(
        &mut self,
        pairs: impl IntoIterator<Item = (Tensor<T>, &'v mut Variable<T>)>,
    ) -> Result<(), Error> {
        let (rate, momentum) = (T::of(self.learning_rate), T::of(self.momentum));
        for (gradient, variable) in fitting(pairs)? {
            if self.momentum == 0.0 {
                variable.update("apply_gradients", &gradient, |values, gradient| {
                    loops::update(values, Stretched::dense(gradient), |w, g| w - rate * g);
                })?;
                continue;
            }
            let size = gradient.size();
            let velocity =
                self.velocities.entry(variable.identity().sequence()).or_insert_with(|| vec![T::default(); size]);
            variable.update("apply_gradients", &gradient, |values, gradient| {
                loops::on_vectors(|| {
                    for ((w, &g), v) in values.iter_mut().zip(gradient).zip(velocity.iter_mut()) {
                        *v = momentum * *v - rate * g;
                        *w += if self.nesterov { momentum * *v - rate * g } else { *v };
                    }
                });
            })?;
        }
        Ok(())
    }
}

impl<T: Real> Default for Sgd<T> {
    fn default() -> Self {
        Sgd::new(0.01)
    }
}
