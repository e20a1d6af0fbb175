//! Hessian-vector products.

use super::arguments::{Arguments, fresh, named};
use super::returned::{Returned, one_element};
use crate::error::Error;
use crate::tape::{Differentiable, ForwardAccumulator, OneTensor, TangentsOf, Trace};

/// The product of the Hessian of `f` at `x` and `v`, in the structure of `x`: by how much the gradient changes as `x`
/// moves along `v`. It is forward mode over one backward pass, whatever the size of `x`.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::hvp;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let hv = hvp(|x| tf::reduce_sum(x * x * x, ..), &x, tf::constant([1.0f32, 0.0]))?;
/// assert_eq!(hv.to_vec(), [6.0, 0.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if the result has not one element, or a tangent does not fit; otherwise as for
/// [`grad`](super::grad) and [`jvp`](super::jvp).
pub fn hvp<X: Arguments, R: Returned<Value: OneTensor>, V: Differentiable>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
    v: V,
) -> Result<X::Gradients, Error>
where
    V::Gradients: TangentsOf<X::Gradients>,
{
    let x = fresh(&x);
    let accumulator = ForwardAccumulator::new(&x, v).map_err(|error| named("hvp", error))?;
    let (trace, y) = Trace::of(&x, || f(X::seen(&x)));
    let gradients = trace.gradient(&one_element("hvp", y)?, &x)?;
    accumulator.jvp_or_zeros(&gradients)
}
