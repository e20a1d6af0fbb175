//! Gradients of functions.

use super::arguments::{Arguments, fresh};
use super::returned::Returned;
use crate::error::Error;
use crate::tape::Trace;

/// The gradient of `f` at `x`, in the structure of `x`. Of a result of several elements, or of several results, it is the
/// gradient of their sum, as on tapes.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::grad;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// assert_eq!(grad(|x| x * x, &x)?.to_vec(), [2.0, 4.0]);
///
/// let w: Variable = Variable::new([3.0, 4.0]);
/// let (dx, dw) = grad(|(x, w)| tf::reduce_sum(x * w, ..), (&x, &w))?;
/// assert_eq!((dx.to_vec(), dw.to_vec()), (vec![3.0, 4.0], vec![1.0, 2.0]));
///
/// let second = grad(|x| grad(|x| x * x * x, x), &x)?;
/// assert_eq!(second.to_vec(), [6.0, 12.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// That which `f` returns; [`Error::Unconnected`] if operations stand in between through which no gradient flows; and the
/// errors of rules.
pub fn grad<X: Arguments, R: Returned>(f: impl for<'a> FnOnce(X::Seen<'a>) -> R, x: X) -> Result<X::Gradients, Error> {
    Ok(value_and_grad(f, x)?.1)
}

/// The result of `f` at `x`, and its gradient: see [`grad`].
///
/// ```
/// use gradcore::prelude::*;
/// use functional::value_and_grad;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let (y, dx) = value_and_grad(|x| tf::reduce_sum(x * x, ..), &x)?;
/// assert_eq!((y.item(), dx.to_vec()), (5.0, vec![2.0, 4.0]));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As for [`grad`].
pub fn value_and_grad<X: Arguments, R: Returned>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<(R::Value, X::Gradients), Error> {
    let x = fresh(&x);
    let (trace, y) = Trace::of(&x, || f(X::seen(&x)).value());
    let y = y?;
    let gradients = trace.gradient(&y, &x)?;
    Ok((y, gradients))
}
