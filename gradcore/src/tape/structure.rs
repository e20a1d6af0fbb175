//! What gradients are taken of and with respect to: tensors, variables, and structures of them.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::element::Real;
use crate::error::Error;
use crate::ops;
use crate::recording::record::Record;
use crate::recording::tensor_ref::TensorRef;
use crate::tensor::{Erased, Tensor, Untyped};
use crate::tuples::for_each_tuple;
use crate::variable::Variable;

/// A tensor or variable of `f32` or `f64`, or a tuple, array, slice or vector of these, nested at will.
///
/// Gradients come back in the structure of the sources: a tensor for a tensor, a tuple for a tuple, an array for an
/// array, a vector for a vector or a slice.
#[diagnostic::on_unimplemented(
    message = "no gradient can be taken of or with respect to `{Self}`",
    label = "neither a tensor, a variable, nor a structure of these",
    note = "expected a reference to a tensor or variable of `f32` or `f64`, or a tuple, array, slice or vector of these"
)]
pub trait Differentiable {
    /// The gradients: tensors in the same structure.
    type Gradients;
    #[doc(hidden)]
    fn visit(&self, visitor: &mut dyn Visitor);
    #[doc(hidden)]
    fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error>;
}

/// One tensor or variable of `f32` or `f64`: what a Jacobian is taken of.
#[diagnostic::on_unimplemented(
    message = "expected one tensor or variable of `f32` or `f64`, found `{Self}`",
    label = "not one tensor",
    note = "a Jacobian is taken of one tensor; call once for each"
)]
pub trait OneTensor: Differentiable<Gradients = Tensor<Self::Dtype>> {
    /// Its dtype.
    type Dtype: Real;
}

impl<T: Real> OneTensor for Tensor<T> {
    type Dtype = T;
}

impl<T: Real> OneTensor for Variable<T> {
    type Dtype = T;
}

impl<S: OneTensor + ?Sized> OneTensor for &S {
    type Dtype = S::Dtype;
}

/// Sees every tensor of a structure, in order.
#[doc(hidden)]
pub trait Visitor {
    fn tensor(&mut self, tensor: Leaf<'_>);
}

/// One tensor of a structure.
#[doc(hidden)]
pub struct Leaf<'a> {
    pub(crate) tensor_ref: TensorRef<'a>,
    pub(crate) value: &'a dyn Untyped,
}

/// An output gradient or a tangent for a tensor: one of its shape, or a scalar, which is stretched to that by an operation,
/// so that outer tapes see where it came from.
pub(super) fn stretched(given: &Erased, tensor: &dyn Untyped) -> Option<Erased> {
    match given {
        _ if given.as_untyped().shape() == tensor.shape() => Some(given.clone()),
        Erased::F32(scalar) if scalar.rank() == 0 => {
            Some(Erased::F32(ops::broadcast_to(scalar, &tensor.shared_shape())))
        }
        Erased::F64(scalar) if scalar.rank() == 0 => {
            Some(Erased::F64(ops::broadcast_to(scalar, &tensor.shared_shape())))
        }
        _ => None,
    }
}

/// The gradients of sources, handed out in the order in which [`Differentiable::visit`] saw them.
#[doc(hidden)]
pub struct Found<'a>(pub(crate) &'a mut VecDeque<Result<Erased, Error>>);

/// A handle to every tensor of a structure, in order.
pub(super) fn handles(structure: &(impl Differentiable + ?Sized)) -> Vec<Erased> {
    let mut handles = Vec::new();
    structure.visit(&mut |leaf: Leaf<'_>| handles.push(leaf.value.erased()));
    handles
}

fn next_gradient<T: Real>(found: &mut Found<'_>) -> Result<Tensor<T>, Error> {
    let gradient = found.0.pop_front().expect("there is one for each tensor that was visited")?;
    Ok(gradient.into_tensor().expect("a gradient has the dtype of its source"))
}

impl<T: Real> Differentiable for Tensor<T> {
    type Gradients = Tensor<T>;
    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.tensor(Leaf { tensor_ref: TensorRef { identity: self.identity(), seen: self }, value: self });
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<Tensor<T>, Error> {
        next_gradient(found)
    }
}

impl<T: Real> Differentiable for Variable<T> {
    type Gradients = Tensor<T>;
    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.tensor(Leaf { tensor_ref: TensorRef { identity: self.identity(), seen: self }, value: &**self });
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<Tensor<T>, Error> {
        next_gradient(found)
    }
}

impl<S: Differentiable + ?Sized> Differentiable for &S {
    type Gradients = S::Gradients;
    fn visit(&self, visitor: &mut dyn Visitor) {
        (**self).visit(visitor);
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<S::Gradients, Error> {
        (**self).gradients(found)
    }
}

impl<S: Differentiable + ?Sized> Differentiable for &mut S {
    type Gradients = S::Gradients;
    fn visit(&self, visitor: &mut dyn Visitor) {
        (**self).visit(visitor);
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<S::Gradients, Error> {
        (**self).gradients(found)
    }
}

impl<S: Differentiable> Differentiable for [S] {
    type Gradients = Vec<S::Gradients>;
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.iter().for_each(|part| part.visit(visitor));
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error> {
        self.iter().map(|part| part.gradients(found)).collect()
    }
}

impl<S: Differentiable> Differentiable for Vec<S> {
    type Gradients = Vec<S::Gradients>;
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.as_slice().visit(visitor);
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error> {
        self.as_slice().gradients(found)
    }
}

impl<S: Differentiable, const N: usize> Differentiable for [S; N] {
    type Gradients = [S::Gradients; N];
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.as_slice().visit(visitor);
    }
    fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error> {
        let parts: Vec<S::Gradients> = self.as_slice().gradients(found)?;
        match parts.try_into() {
            Ok(parts) => Ok(parts),
            Err(_) => unreachable!("each of the N parts gave one"),
        }
    }
}

/// Watches the tensors and variables of a structure from now on.
pub(super) fn watch(record: &RefCell<Record>, tensors: &(impl Differentiable + ?Sized)) {
    tensors.visit(&mut |leaf: Leaf<'_>| {
        record.borrow_mut().watch(leaf.tensor_ref);
    });
}

macro_rules! tuples {
    ($(($index:tt $part:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: Differentiable),+> Differentiable for ($($part,)+) {
            type Gradients = ($($part::Gradients,)+);
            fn visit(&self, visitor: &mut dyn Visitor) {
                $(self.$index.visit(visitor);)+
            }
            fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error> {
                Ok(($(self.$index.gradients(found)?,)+))
            }
        }
    };
}
for_each_tuple! { tuples 1..=12 }
