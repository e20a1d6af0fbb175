//! Jacobians and Hessians of functions.

use super::arguments::{Arguments, fresh};
use super::returned::{Returned, one_element};
use crate::error::Error;
use crate::tape::{OneTensor, Trace};

/// The Jacobians of `f` at `x`, in the structure of `x`: for each argument a tensor of its dtype, whose shape is that of
/// the result followed by that of the argument. It takes a backward pass for each element of the result.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::jacobian;
///
/// let (x, y) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
/// let (dx, dy) = jacobian(|(x, y)| x * x * y, (&x, &y))?;
/// assert_eq!(dx.to_string(), "[[6.0, 0.0],\n [0.0, 16.0]]");
/// assert_eq!(dy.to_string(), "[[1.0, 0.0],\n [0.0, 4.0]]");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As for [`grad`](super::grad).
pub fn jacobian<X: Arguments, R: Returned<Value: OneTensor>>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<X::Gradients, Error> {
    let x = fresh(&x);
    let (trace, y) = Trace::of(&x, || f(X::seen(&x)).value());
    trace.jacobian(&y?, &x)
}

/// The Hessian of `f` at one tensor `x`: the second derivatives of its one element, of shape `[x…, x…]`. It takes a
/// backward pass for each element of `x`.
///
/// Of several tensors, the blocks are the Jacobians of their gradients:
/// `jacobian(|(x, w)| Ok(grad(f, (x, w))?.0), (&x, &w))`.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::hessian;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let h = hessian(|x| tf::reduce_sum(x * x * x, ..), &x)?;
/// assert_eq!(h.to_string(), "[[6.0, 0.0],\n [0.0, 12.0]]");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if the result has not one element; otherwise as for [`grad`](super::grad).
pub fn hessian<X: Arguments<Gradients: OneTensor>, R: Returned<Value: OneTensor>>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<X::Gradients, Error> {
    let x = fresh(&x);
    let (trace, gradient) = Trace::of(&x, || {
        let (trace, y) = Trace::of(&x, || f(X::seen(&x)));
        trace.gradient(&one_element("hessian", y)?, &x)
    });
    trace.jacobian(&gradient?, &x)
}
