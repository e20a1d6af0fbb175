//! What a function returns of which derivatives are taken.

use crate::error::Error;
use crate::shape::Shape;
use crate::tape::{Differentiable, Leaf, OneTensor};

/// What a function may return of which derivatives are taken: a tensor of `f32` or `f64`, a tuple, array or vector of
/// these, or a `Result` of either with an [`Error`].
#[diagnostic::on_unimplemented(
    message = "no derivative can be taken of a function that returns `{Self}`",
    label = "neither a tensor of `f32` or `f64`, a structure of these, nor a `Result` of either",
    note = "the error of the `Result` is `gradcore::Error`"
)]
pub trait Returned {
    /// The tensors.
    type Value: Differentiable + Clone;
    #[doc(hidden)]
    fn value(self) -> Result<Self::Value, Error>;
}

#[diagnostic::do_not_recommend]
impl<Y: Differentiable + Clone> Returned for Y {
    type Value = Y;
    fn value(self) -> Result<Y, Error> {
        Ok(self)
    }
}

impl<R: Returned> Returned for Result<R, Error> {
    type Value = R::Value;
    fn value(self) -> Result<R::Value, Error> {
        self?.value()
    }
}

/// A result of one element: that of which there is a second derivative.
pub(super) fn one_element<R: Returned<Value: OneTensor>>(
    operation: &'static str,
    returned: R,
) -> Result<R::Value, Error> {
    let result = returned.value()?;
    let mut shape = Shape::default();
    result.visit(&mut |leaf: Leaf<'_>| shape = leaf.value.shared_shape());
    match shape.size() {
        1 => Ok(result),
        _ => Err(Error::Argument {
            operation,
            expected: "`f` to return one element; reduce its result, by `tf::reduce_sum` or another".into(),
            found: format!("shape {shape:?}"),
        }),
    }
}
