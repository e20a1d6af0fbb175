//! Jacobian-vector products, computed along with the function.

use super::arguments::{Arguments, fresh, named};
use super::returned::Returned;
use crate::error::Error;
use crate::tape::{Differentiable, ForwardAccumulator, TangentsOf};

/// The result of `f` at `x`, and by how much it changes as `x` moves along `dx`: the product of the Jacobian and `dx`, by
/// forward mode. Custom rules are honoured, each by its transpose. A tangent has the shape of its argument, or is a scalar.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::jvp;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let (y, dy) = jvp(|x| x * x, &x, tf::constant([1.0f32, 0.0]))?;
/// assert_eq!((y.to_vec(), dy.to_vec()), (vec![1.0, 4.0], vec![2.0, 0.0]));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// That which `f` returns; [`Error::Argument`] if a tangent does not fit; [`Error::Unconnected`] if operations stand in
/// between through which no tangent flows; [`Error::NotLinear`] if a rule has no transpose; and the errors of rules.
pub fn jvp<X: Arguments, R: Returned, V: Differentiable>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
    dx: V,
) -> Result<(R::Value, <R::Value as Differentiable>::Gradients), Error>
where
    V::Gradients: TangentsOf<X::Gradients>,
{
    let x = fresh(&x);
    let accumulator = ForwardAccumulator::new(&x, dx).map_err(|error| named("jvp", error))?;
    let y = f(X::seen(&x)).value()?;
    let dy = accumulator.jvp_or_zeros(&y)?;
    Ok((y, dy))
}
