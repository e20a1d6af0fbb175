//! Tensors where their dtype is not known.

use std::any::TypeId;
use std::sync::Arc;

use super::name::name_of;
use super::{Erased, Identity, Tensor};
use crate::buffers;
use crate::element::{Element, Wide};
use crate::shape::Shape;

/// What a tape sees of an argument.
pub(crate) trait Seen {
    fn shape(&self) -> &[usize];
    fn shared_shape(&self) -> Shape;
    /// The name of a variable that has one.
    fn name(&self) -> Option<Arc<str>> {
        None
    }
    /// A handle, if it is there.
    fn handle(&self) -> Option<Erased> {
        None
    }
}

/// A tensor of any dtype.
pub(crate) trait Untyped: Seen {
    /// Whether gradients exist for the dtype.
    fn is_real(&self) -> bool;
    /// Whether it holds truth values.
    fn is_bool(&self) -> bool;
    fn identity(&self) -> Identity;
    /// A handle.
    fn erased(&self) -> Erased;
    /// Another tensor of the same shape and dtype.
    fn with_values(&self, values: &mut dyn Iterator<Item = f64>) -> Erased;
}

impl dyn Untyped + '_ {
    /// The same number throughout, in the same shape and dtype.
    pub(crate) fn filled(&self, value: f64) -> Erased {
        self.with_values(&mut std::iter::repeat(value))
    }
}

impl<T: Element> Tensor<T> {
    /// A tensor of the given shape of as many of `numbers` as it holds.
    #[track_caller]
    pub(crate) fn of_numbers(shape: &Shape, numbers: &mut dyn Iterator<Item = f64>) -> Self {
        let mut values = buffers::reserved("gradient", shape);
        values.extend(numbers.take(shape.size()).map(|number| T::narrow(Wide::Float(number))));
        Tensor::of_shape(shape.clone(), values)
    }
}

/// Of an argument that is no longer there.
impl Seen for Shape {
    fn shape(&self) -> &[usize] {
        self
    }
    fn shared_shape(&self) -> Shape {
        self.clone()
    }
}

impl<T: Element> Seen for Tensor<T> {
    fn shape(&self) -> &[usize] {
        self.shape()
    }
    fn shared_shape(&self) -> Shape {
        self.shared_shape()
    }
    fn name(&self) -> Option<Arc<str>> {
        name_of(self.identity())
    }
    fn handle(&self) -> Option<Erased> {
        Some(self.erased())
    }
}

impl<T: Element> Untyped for Tensor<T> {
    fn is_real(&self) -> bool {
        T::REAL
    }
    fn is_bool(&self) -> bool {
        TypeId::of::<T>() == TypeId::of::<bool>()
    }
    fn identity(&self) -> Identity {
        self.identity()
    }
    fn erased(&self) -> Erased {
        Erased::new(self.clone())
    }
    fn with_values(&self, values: &mut dyn Iterator<Item = f64>) -> Erased {
        Erased::new(Tensor::<T>::of_numbers(&self.shared_shape(), values))
    }
}
