//! What a checked function returns.

use std::fmt::Debug;

use super::leaves::Leaves;
use crate::element::Element;
use crate::tensor::Tensor;
use crate::tuples::for_each_tuple;

/// What a checked function may return: a tensor, a tuple of tensors, or a `Result` of either.
#[diagnostic::on_unimplemented(
    message = "the gradient of `{Self}` cannot be checked",
    label = "expected a tensor, a tuple of tensors, or a `Result` of either"
)]
pub trait CheckedOutputs {
    /// Adds the tensors through which gradients flow, or says why there are none.
    #[doc(hidden)]
    fn leaves(&self, leaves: &mut Leaves) -> Result<(), String>;
}

impl<T: Element> CheckedOutputs for Tensor<T> {
    fn leaves(&self, leaves: &mut Leaves) -> Result<(), String> {
        leaves.add(self);
        Ok(())
    }
}

impl<O: CheckedOutputs, E: Debug> CheckedOutputs for Result<O, E> {
    fn leaves(&self, leaves: &mut Leaves) -> Result<(), String> {
        match self {
            Ok(outputs) => outputs.leaves(leaves),
            Err(error) => Err(format!("the function returned `Err({error:?})`")),
        }
    }
}

macro_rules! tuples {
    ($(($index:tt $part:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: CheckedOutputs),+> CheckedOutputs for ($($part,)+) {
            fn leaves(&self, leaves: &mut Leaves) -> Result<(), String> {
                $(self.$index.leaves(leaves)?;)+
                Ok(())
            }
        }
    };
}
for_each_tuple! { tuples 1..=8 }
