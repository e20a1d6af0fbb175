//! Adam.

use rustc_hash::FxHashMap;

use super::fitting;
use crate::element::Real;
use crate::error::Error;
use crate::kernels::loops;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// Adam (Kingma and Ba, 2014), in the form of Keras's `Adam`.
///
/// ```
/// use gradcore::prelude::*;
///
/// let mut w: Variable = Variable::new([1.0]);
/// let mut optimizer = optimizers::Adam::new(0.1);
/// optimizer.apply_gradients([(tf::constant([3.0]), &mut w)])?;
/// assert!((w.item() - 0.9).abs() < 1e-6); // the first step has the length of the rate
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Adam<T = f32> {
    learning_rate: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    steps: i32,
    /// Running means of the gradient and of its square, by variable.
    moments: FxHashMap<u64, [Vec<T>; 2]>,
}

impl<T: Real> Adam<T> {
    /// Steps of about `learning_rate` (Keras's default is 0.001).
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Adam { learning_rate, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, steps: 0, moments: FxHashMap::default() }
    }

    /// The same optimizer with another rate from now on, its running means kept.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// How much of the mean of the gradient is kept at each step (0.9 unless said).
    #[must_use]
    pub fn beta_1(self, beta_1: f64) -> Self {
        Adam { beta_1, ..self }
    }

    /// How much of the mean of the gradient's square is kept at each step (0.999 unless said).
    #[must_use]
    pub fn beta_2(self, beta_2: f64) -> Self {
        Adam { beta_2, ..self }
    }

    /// What is added to the root of the mean square (1e-7 unless said).
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        Adam { epsilon, ..self }
    }

    /// Changes each variable by its gradient: m and s are running means of g and g²,
    /// w ← w - rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√s + ε).
    ///
    /// # Errors
    /// [`Error::VariableShape`] if a gradient has another shape than its variable; no variable has changed then.
    pub fn apply_gradients<'v>(
        &mut self,
        pairs: impl IntoIterator<Item = (Tensor<T>, &'v mut Variable<T>)>,
    ) -> Result<(), Error> {
        let pairs = fitting(pairs)?;
        self.steps += 1;
        let correction = (1.0 - self.beta_2.powi(self.steps)).sqrt() / (1.0 - self.beta_1.powi(self.steps));
        let (rate, epsilon) = (T::of(self.learning_rate * correction), T::of(self.epsilon));
        let (rest_1, rest_2) = (T::of(1.0 - self.beta_1), T::of(1.0 - self.beta_2));
        for (gradient, variable) in pairs {
            let size = gradient.size();
            let zeros = || [(); 2].map(|()| vec![T::default(); size]);
            let [means, squares] = self.moments.entry(variable.identity().sequence()).or_insert_with(zeros);
            variable.update("apply_gradients", &gradient, |values, gradient| {
                let moments = means.iter_mut().zip(squares.iter_mut());
                loops::on_vectors(|| {
                    for ((w, &g), (mean, square)) in values.iter_mut().zip(gradient).zip(moments) {
                        *mean = *mean + (g - *mean) * rest_1;
                        *square = *square + (g * g - *square) * rest_2;
                        *w -= rate * *mean / (square.sqrt() + epsilon);
                    }
                });
            })?;
        }
        Ok(())
    }
}

impl<T: Real> Default for Adam<T> {
    fn default() -> Self {
        Adam::new(0.001)
    }
}
