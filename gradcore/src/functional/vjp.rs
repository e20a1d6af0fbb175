//! Vector-Jacobian products.

use std::fmt;

use super::arguments::{Arguments, fresh, named};
use super::returned::Returned;
use crate::error::Error;
use crate::tape::{Differentiable, Trace};

/// The result of `f` at `x`, and the function that multiplies a vector by the Jacobian of `f`, from the left.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::vjp;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let (y, pullback) = vjp(|x| x * x, &x)?;
/// assert_eq!(y.to_vec(), [1.0, 4.0]);
/// assert_eq!(pullback.apply(tf::constant([1.0f32, 10.0]))?.to_vec(), [2.0, 40.0]);
/// assert_eq!(pullback.apply(tf::constant(1.0f32))?.to_vec(), [2.0, 4.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// That which `f` returns.
#[allow(clippy::type_complexity, reason = "an alias would hide the pair")]
pub fn vjp<X: Arguments, R: Returned>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<(R::Value, Pullback<X::Moved, R::Value>), Error> {
    let x = fresh(&x);
    let (trace, y) = Trace::of(&x, || f(X::seen(&x)).value());
    let y = y?;
    Ok((y.clone(), Pullback { trace, x, y }))
}

/// From cotangents of the results of a function to those of its arguments, any number of times: what [`vjp`] returns. It
/// owns what it needs of the function's computation, arguments included, which may change meanwhile. `X` and `Y` are the
/// arguments and the results.
#[derive(Clone)]
pub struct Pullback<X, Y> {
    pub(super) trace: Trace,
    pub(super) x: X,
    pub(super) y: Y,
}

/// Cotangents in the structure of the results.
#[diagnostic::on_unimplemented(
    message = "the cotangents must have the structure and dtypes of the results, `{Y}`",
    label = "these cotangents are for other results"
)]
pub trait CotangentsOf<Y> {}
impl<Y> CotangentsOf<Y> for Y {}

impl<X, Y> fmt::Debug for Pullback<X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pullback").field(&self.trace).finish()
    }
}

impl<X: Differentiable, Y: Differentiable> Pullback<X, Y> {
    /// The cotangents of the arguments, for those of the results: each of the shape of its result, or a scalar for all of
    /// its elements. Tapes and forms that record see it.
    ///
    /// # Errors
    /// [`Error::Argument`] if a cotangent does not fit; otherwise as for [`grad`](super::grad).
    pub fn apply<G: Differentiable>(&self, dy: G) -> Result<X::Gradients, Error>
    where
        G::Gradients: CotangentsOf<Y::Gradients>,
    {
        self.trace.pull(&self.y, &self.x, &dy).map_err(|error| named("apply", error))
    }
}
