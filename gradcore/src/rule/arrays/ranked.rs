//! Arrays of a rank, as parameters and as gradients.

use std::marker::PhantomData;

use ndarray::{ArrayView, Dimension};

use super::form::ArrayType;
use crate::element::Element;
use crate::rule::input::{Argument, Constant, Input, Parameter, SeenTensors};
use crate::tensor::Tensor;

/// The elements of a tensor as an array with dimension `D`, if that is of the tensor's rank.
pub(super) fn viewed<T: Element, D: Dimension>(tensor: &Tensor<T>) -> Option<ArrayView<'_, T, D>> {
    let shape = tensor.shape();
    if D::NDIM.is_some_and(|rank| rank != shape.len()) {
        return None;
    }
    let mut dim = D::zeros(shape.len());
    dim.slice_mut().copy_from_slice(shape);
    ArrayView::from_shape(dim, tensor.values()).ok()
}

/// A parameter as an array: an [`Input`], or a [`Constant`] where its elements are integers. `A` is its type.
pub struct Ranked<P, A>(P, PhantomData<fn() -> A>);

/// Adds the type of the array to what a parameter is.
#[inline]
pub fn ranked<A: ArrayType, P>(parameter: P) -> Ranked<P, A> {
    Ranked(parameter, PhantomData)
}

/// The gradient of an array of `T` and of rank `D`.
pub struct Shaped<T, D>(PhantomData<fn() -> (T, D)>);

impl<P: Argument, A: ArrayType> Parameter for Ranked<Input<'_, P>, A> {
    type Before<Rest> = (Shaped<P::Dtype, A::Dim>, Rest);
    const IS_INPUT: bool = true;
    const IS_LIST: bool = false;
    #[inline]
    fn see<'a>(&'a self, seen: &mut SeenTensors<'a>) {
        seen.inputs.push(self.0.0.tensor_ref());
    }
}

impl<A> Parameter for Ranked<Constant, A> {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    const IS_LIST: bool = false;
    #[inline]
    fn see<'a>(&'a self, _: &mut SeenTensors<'a>) {}
}
