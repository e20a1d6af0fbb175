//! Tensors whose dtype the tape need not know.

use super::{Element, HandleCount, Identity, Role, Tensor, Untyped};
use crate::element::Wide;

/// A tensor of any dtype. Gradients are of `f32` or `f64`; the others are zeros for outputs without gradient.
#[derive(Clone)]
pub enum Erased {
    F32(Tensor<f32>),
    F64(Tensor<f64>),
    I32(Tensor<i32>),
    I64(Tensor<i64>),
    U8(Tensor<u8>),
    Bool(Tensor<bool>),
}

/// A dtype, and the tensors of it.
pub trait Erase: Sized {
    fn erase(tensor: Tensor<Self>) -> Erased;
    fn recover(erased: Erased) -> Option<Tensor<Self>>;
    fn peek(erased: &Erased) -> Option<&Tensor<Self>>;
}

macro_rules! dtypes {
    ($($variant:ident $type:ident),+) => {
        impl Erased {
            /// The tensor, whatever its dtype.
            #[inline]
            pub(crate) fn as_untyped(&self) -> &dyn Untyped {
                match self { $(Erased::$variant(tensor) => tensor,)+ }
            }

            /// The same value under another identity.
            pub(crate) fn renewed(&self, identity: Identity) -> Self {
                match self { $(Erased::$variant(tensor) => Erased::$variant(tensor.renewed(identity)),)+ }
            }

            /// Makes it a value again.
            #[inline]
            pub(crate) fn become_value(&mut self) {
                match self { $(Erased::$variant(tensor) => tensor.become_value(),)+ }
            }

            /// The same tensor as a value.
            pub(crate) fn into_value(mut self) -> Self {
                self.become_value();
                self
            }

            /// As an upstream gradient or a tangent, if it is a value that somebody gives.
            #[inline]
            pub(crate) fn into_start(self) -> Self {
                match self {
                    $(Erased::$variant(tensor) if tensor.role() == Role::Value => Erased::$variant(tensor.into_start()),)+
                    gradient => gradient,
                }
            }

            /// TensorFlow's name of the dtype.
            pub(crate) fn dtype(&self) -> &'static str {
                match self { $(Erased::$variant(tensor) => tensor.dtype(),)+ }
            }

            /// Bytes of the elements.
            pub(crate) fn bytes(&self) -> usize {
                match self { $(Erased::$variant(tensor) => size_of_val(tensor.values()),)+ }
            }

            /// What this handle holds, and what that holds where it was reshaped.
            pub(crate) fn handle_counts(&self) -> (Option<HandleCount>, Option<HandleCount>) {
                match self { $(Erased::$variant(tensor) => tensor.handle_counts(),)+ }
            }

            /// The first element that is NaN or infinite, and its place in row-major order.
            pub(crate) fn first_not_finite(&self) -> Option<(usize, f64)> {
                let bad = |value: Wide| match value {
                    Wide::Float(value) if !value.is_finite() => Some(value),
                    _ => None,
                };
                match self { $(Erased::$variant(tensor) => {
                    tensor.values().iter().enumerate().find_map(|(place, value)| Some((place, bad(value.to_wide())?)))
                })+ }
            }

            /// The elements in row-major order; those of integers and `bool` are left out.
            pub(crate) fn to_numbers(&self) -> Vec<f64> {
                let number = |value: Wide| match value {
                    Wide::Float(value) => Some(value),
                    Wide::Integer(_) => None,
                };
                match self { $(Erased::$variant(tensor) => tensor.values().iter().filter_map(|value| number(value.to_wide())).collect(),)+ }
            }
        }

        $(impl Erase for $type {
            #[inline]
            fn erase(tensor: Tensor<Self>) -> Erased {
                Erased::$variant(tensor)
            }
            #[inline]
            fn recover(erased: Erased) -> Option<Tensor<Self>> {
                match erased {
                    Erased::$variant(tensor) => Some(tensor),
                    _ => None,
                }
            }
            #[inline]
            fn peek(erased: &Erased) -> Option<&Tensor<Self>> {
                match erased {
                    Erased::$variant(tensor) => Some(tensor),
                    _ => None,
                }
            }
        })+
    };
}
dtypes!(F32 f32, F64 f64, I32 i32, I64 i64, U8 u8, Bool bool);

impl Erased {
    /// Marks it as a gradient, if it is a value; gradients are real.
    #[inline]
    pub(crate) fn become_gradient(&mut self) {
        match self {
            Erased::F32(gradient) => gradient.become_gradient(),
            Erased::F64(gradient) => gradient.become_gradient(),
            _ => {}
        }
    }

    /// The same gradient, in which what is 0 where another has a zero of choice is one.
    pub(crate) fn with_choices_of(self, other: &Erased) -> Self {
        match (self, other) {
            (Erased::F32(gradient), Erased::F32(other)) => Erased::F32(gradient.with_choices_of(other)),
            (Erased::F64(gradient), Erased::F64(other)) => Erased::F64(gradient.with_choices_of(other)),
            (gradient, _) => gradient,
        }
    }

    #[inline]
    pub(crate) fn new<T: Element>(tensor: Tensor<T>) -> Self {
        T::erase(tensor)
    }

    /// The tensor, if `T` is its dtype.
    #[inline]
    pub(crate) fn get<T: Element>(&self) -> Option<&Tensor<T>> {
        T::peek(self)
    }

    /// The tensor, if `T` is its dtype.
    #[inline]
    pub(crate) fn into_tensor<T: Element>(self) -> Option<Tensor<T>> {
        T::recover(self)
    }
}
