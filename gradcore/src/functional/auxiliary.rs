//! Functions that return more than what derivatives are taken of (`has_aux` in JAX).

use super::arguments::{Arguments, fresh, named};
use super::vjp::Pullback;
use crate::error::Error;
use crate::tape::{Differentiable, ForwardAccumulator, TangentsOf, Trace};

/// A pair of a result, of which derivatives are taken, and something else, which is handed through; or a `Result` of one with an
/// [`Error`].
#[diagnostic::on_unimplemented(
    message = "expected a pair of a result and something else, found `{Self}`",
    label = "not a pair whose first half is a tensor or a structure of tensors",
    note = "the form without `_with_aux` takes functions that return the result alone"
)]
pub trait ReturnedWithAux {
    /// The result.
    type Value: Differentiable + Clone;
    /// What is handed through.
    type Aux;
    #[doc(hidden)]
    fn pair(self) -> Result<(Self::Value, Self::Aux), Error>;
}

#[diagnostic::do_not_recommend]
impl<Y: Differentiable + Clone, A> ReturnedWithAux for (Y, A) {
    type Value = Y;
    type Aux = A;
    fn pair(self) -> Result<(Y, A), Error> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: ReturnedWithAux> ReturnedWithAux for Result<R, Error> {
    type Value = R::Value;
    type Aux = R::Aux;
    fn pair(self) -> Result<(R::Value, R::Aux), Error> {
        self?.pair()
    }
}

/// As [`value_and_grad`](super::value_and_grad), of a function that returns something else beside its result: metrics, a state,
/// predictions. No derivative is taken of that, and a tensor in it is a constant to nobody but this gradient.
///
/// ```
/// use gradcore::prelude::*;
/// use functional::value_and_grad_with_aux;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let loss = |x: &Tensor| (tf::reduce_sum(x * x, ..), x.shape().to_vec());
/// let ((y, shape), dx) = value_and_grad_with_aux(loss, &x)?;
/// assert_eq!((y.item(), shape, dx.to_vec()), (5.0, vec![2], vec![2.0, 4.0]));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As for [`grad`](super::grad).
#[allow(clippy::type_complexity, reason = "the nesting is that of JAX")]
pub fn value_and_grad_with_aux<X: Arguments, R: ReturnedWithAux>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<((R::Value, R::Aux), X::Gradients), Error> {
    let x = fresh(&x);
    let (trace, returned) = Trace::of(&x, || f(X::seen(&x)).pair());
    let (y, aux) = returned?;
    let gradients = trace.gradient(&y, &x)?;
    Ok(((y, aux), gradients))
}

/// As [`grad`](super::grad), of a function that returns something else beside its result, which is returned beside the
/// gradient.
///
/// # Errors
/// As for [`grad`](super::grad).
pub fn grad_with_aux<X: Arguments, R: ReturnedWithAux>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<(X::Gradients, R::Aux), Error> {
    let ((_, aux), gradients) = value_and_grad_with_aux(f, x)?;
    Ok((gradients, aux))
}

/// As [`vjp`](super::vjp), of a function that returns something else beside its result: the result, its pullback, and the rest.
///
/// # Errors
/// That which `f` returns.
#[allow(clippy::type_complexity, reason = "the order is that of JAX")]
pub fn vjp_with_aux<X: Arguments, R: ReturnedWithAux>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
) -> Result<(R::Value, Pullback<X::Moved, R::Value>, R::Aux), Error> {
    let x = fresh(&x);
    let (trace, returned) = Trace::of(&x, || f(X::seen(&x)).pair());
    let (y, aux) = returned?;
    Ok((y.clone(), Pullback { trace, x, y }, aux))
}

/// As [`jvp`](super::jvp), of a function that returns something else beside its result: the result, its tangent, and the rest.
///
/// # Errors
/// As for [`jvp`](super::jvp).
#[allow(clippy::type_complexity, reason = "the order is that of JAX")]
pub fn jvp_with_aux<X: Arguments, R: ReturnedWithAux, V: Differentiable>(
    f: impl for<'a> FnOnce(X::Seen<'a>) -> R,
    x: X,
    dx: V,
) -> Result<(R::Value, <R::Value as Differentiable>::Gradients, R::Aux), Error>
where
    V::Gradients: TangentsOf<X::Gradients>,
{
    let x = fresh(&x);
    let accumulator = ForwardAccumulator::new(&x, dx).map_err(|error| named("jvp_with_aux", error))?;
    let (y, aux) = f(X::seen(&x)).pair()?;
    let dy = accumulator.jvp_or_zeros(&y)?;
    Ok((y, dy, aux))
}
