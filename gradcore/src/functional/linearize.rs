//! Jacobian-vector products, computed after the function.

use std::fmt;

use super::arguments::{Arguments, fresh, named};
use super::returned::Returned;
use crate::error::Error;
use crate::tape::{Differentiable, TangentsOf, Trace};

/// The result of `f` at `x`, and the function that multiplies the Jacobian of `f` by a vector, without calling `f` again.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::linearize;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let (y, linear) = linearize(|x| x * x, &x)?;
/// assert_eq!(y.to_vec(), [1.0, 4.0]);
/// assert_eq!(linear.apply(tf::constant([1.0f32, 0.0]))?.to_vec(), [2.0, 0.0]);
/// assert_eq!(linear.apply(tf::constant([0.0f32, 1.0]))?.to_vec(), [0.0, 4.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// That which `f` returns.
#[allow(clippy::type_complexity, reason = "an alias would hide the pair")]
pub fn linearize<X: Arguments, R: Returned>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<(R::Value, Linear<X::Moved, R::Value>), Error> {
    let x = fresh(&x);
    let (trace, y) = Trace::of(&x, || f(X::seen(&x)).value());
    let y = y?;
    Ok((y.clone(), Linear { trace, x, y }))
}

/// From tangents of the arguments of a function to those of its results, any number of times: what [`linearize`] returns.
/// It owns what it needs of the function's computation, arguments included. `X` and `Y` are the arguments and the results.
#[derive(Clone)]
pub struct Linear<X, Y> {
    trace: Trace,
    x: X,
    y: Y,
}

impl<X, Y> fmt::Debug for Linear<X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Linear").field(&self.trace).finish()
    }
}

impl<X: Differentiable, Y: Differentiable> Linear<X, Y> {
    /// The tangents of the results, for those of the arguments: each of the shape of its argument, or a scalar for all of
    /// its elements. Tapes and forms that record see it.
    ///
    /// # Errors
    /// As for [`jvp`](super::jvp).
    pub fn apply<V: Differentiable>(&self, dx: V) -> Result<Y::Gradients, Error>
    where
        V::Gradients: TangentsOf<X::Gradients>,
    {
        self.trace.push(&self.y, &self.x, &dx).map_err(|error| named("apply", error))
    }
}
