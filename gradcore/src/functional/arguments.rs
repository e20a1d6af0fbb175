//! What a function is differentiated with respect to.

use crate::arguments::{Inputs, Moves};
use crate::error::Error;
use crate::ops;
use crate::tape::Differentiable;
use crate::tensor::Erased;

/// Arguments of a function of which derivatives are taken: references to tensors or variables of `f32` or `f64`, or a
/// tuple, array or vector of these, nested at will. `f` receives references in the same structure.
#[diagnostic::on_unimplemented(
    message = "no derivative can be taken with respect to `{Self}`",
    label = "neither a tensor or variable of `f32` or `f64`, nor a structure of these",
    note = "expected references to tensors or variables, or a tuple, array or vector of these; a constant is used in the closure: `|x| f(x, 3)`"
)]
pub trait Arguments: Inputs<Moved: Differentiable<Gradients = <Self as Arguments>::Gradients>> {
    /// Derivatives with respect to the arguments: tensors in the same structure.
    type Gradients: Differentiable<Gradients = Self::Gradients>;
}

#[diagnostic::do_not_recommend]
impl<I: Inputs, G> Arguments for I
where
    I::Moved: Differentiable<Gradients = G>,
    G: Differentiable<Gradients = G>,
{
    type Gradients = G;
}

/// The same arguments as new tensors, which outer tapes know to be computed from those given.
pub(super) fn fresh<X: Inputs>(x: &X) -> X::Moved {
    x.moved(&mut Moves::new(&mut |tensor, _| match tensor.erased() {
        Erased::F32(tensor) => Erased::F32(ops::identity(&tensor)),
        Erased::F64(tensor) => Erased::F64(ops::identity(&tensor)),
        constant => constant,
    }))
}

/// Says which form was given a tangent or cotangent that does not fit.
pub(super) fn named(operation: &'static str, error: Error) -> Error {
    let argument = |expected, found| Error::Argument { operation, expected, found };
    match error {
        Error::TangentShape { place, expected, found } => argument(
            format!("tangent {place} to have shape {expected:?}, that of its argument, or to be a scalar"),
            format!("shape {found:?}"),
        ),
        Error::TangentCount { expected, found } => {
            argument(format!("{expected} tangents, one for each argument"), found.to_string())
        }
        Error::OutputGradientShape { expected, found } => argument(
            format!("a cotangent of shape {expected:?}, that of its result, or a scalar"),
            format!("shape {found:?}"),
        ),
        Error::OutputGradientCount { expected, found } => {
            argument(format!("{expected} cotangents, one for each result"), found.to_string())
        }
        error => error,
    }
}
