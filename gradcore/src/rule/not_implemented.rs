//! Gradients that nobody has written yet.

use std::fmt;

use super::gradient::{Destination, Gradient, Known, SomeGradient};

/// Stands in `grad` for a gradient that nobody has written, with the reason or where to find the formula. The other
/// gradients work; to need this one is [`Error::NotImplemented`](crate::Error::NotImplemented), which names the function
/// and the parameter. (`None` says that no gradient flows.)
///
/// ```
/// use gradcore::prelude::*;
///
/// /// x to the power of a.
/// #[custom_gradient]
/// fn power(x: &Tensor, a: &Tensor) -> Tensor {
///     let y = tf::exp(a * tf::log(x));
///     let grad = |dy| (dy * a * &y / x, NotImplemented("what it should be at `x` = 0 is undecided"));
///     (y, grad)
/// }
///
/// let (x, a) = (tf::constant(2.0), tf::constant(3.0));
/// let tape = GradientTape::persistent();
/// tape.watch((&x, &a));
/// let y = power(&x, &a);
/// assert!((tape.gradient(&y, &x)?.item() - 12.0).abs() < 1e-5);
/// let error = tape.gradient(&y, &a).unwrap_err().to_string();
/// assert!(error.starts_with("the gradient of `a` in `power`"));
/// assert!(error.ends_with("is not implemented: what it should be at `x` = 0 is undecided"));
/// # Ok::<(), Error>(())
/// ```
///
/// In one branch of an `if` or `match`, whose branches have one type, it stands in `Err(…)` beside `Ok(…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotImplemented(
    /// Why, or where to find the formula.
    pub &'static str,
);

#[diagnostic::do_not_recommend]
impl<D: Known> Gradient<D> for NotImplemented {
    fn put(self, to: Destination<'_, '_>) {
        to.refuse(self.0);
    }
}

impl SomeGradient for NotImplemented {}

impl fmt::Display for NotImplemented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not implemented: {}", self.0)
    }
}

impl std::error::Error for NotImplemented {}
