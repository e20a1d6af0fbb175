//! What may stand where an operation takes a tensor: tensors, variables, scalars, nested arrays.

use std::borrow::Borrow;

use super::{Element, Nested, Tensor, constant};
use crate::element::Real;

/// A tensor, a reference to one, a variable, a scalar or nested arrays of scalars, where TensorFlow would convert.
#[diagnostic::on_unimplemented(
    message = "expected a tensor of `{T}` or a value that becomes one, found `{Self}`",
    label = "neither a tensor of `{T}` nor a value that becomes one"
)]
pub trait Operand<T: Element> {
    /// A tensor, owned or borrowed.
    #[doc(hidden)]
    type Held: Borrow<Tensor<T>>;
    #[doc(hidden)]
    fn held(self) -> Self::Held;
}

impl<T: Element> Operand<T> for Tensor<T> {
    type Held = Tensor<T>;
    fn held(self) -> Tensor<T> {
        self
    }
}

impl<'a, T: Element> Operand<T> for &'a Tensor<T> {
    type Held = &'a Tensor<T>;
    fn held(self) -> &'a Tensor<T> {
        self
    }
}

impl<'a, T: Element> Operand<T> for &&'a Tensor<T> {
    type Held = &'a Tensor<T>;
    fn held(self) -> &'a Tensor<T> {
        self
    }
}

impl<T: Element> Operand<T> for T {
    type Held = Tensor<T>;
    fn held(self) -> Tensor<T> {
        Tensor::scalar(self)
    }
}

/// An integer literal where a float is meant, as in `tf::maximum(x, 0)`.
macro_rules! integers_as {
    ($($real:ident)+) => { $(
        impl Operand<$real> for i32 {
            type Held = Tensor<$real>;
            fn held(self) -> Tensor<$real> {
                Tensor::scalar($real::of(self.into()))
            }
        }
    )+ };
}
integers_as!(f32 f64);

impl<T: Element, N: Nested<T>, const K: usize> Operand<T> for [N; K] {
    type Held = Tensor<T>;
    #[track_caller]
    fn held(self) -> Tensor<T> {
        constant(self)
    }
}

impl<T: Element, N: Nested<T>> Operand<T> for Vec<N> {
    type Held = Tensor<T>;
    #[track_caller]
    fn held(self) -> Tensor<T> {
        constant(self)
    }
}
