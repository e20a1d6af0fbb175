//! The tensors of `f32` and `f64` in a structure, as handles and as plain numbers.

use crate::element::Element;
use crate::error::Error;
use crate::shape::Shape;
use crate::tape::{Differentiable, Found, Visitor};
use crate::tensor::{Erased, Tensor};

/// The tensors through which gradients flow, in order.
#[doc(hidden)]
#[derive(Default)]
pub struct Leaves {
    tensors: Vec<Erased>,
    names: Vec<Option<String>>,
}

impl Leaves {
    /// Adds a tensor, if gradients exist for its dtype.
    pub(super) fn add<T: Element>(&mut self, tensor: &Tensor<T>) {
        if T::REAL {
            self.push(Erased::new(tensor.clone()), None);
        }
    }

    /// Adds a tensor of `f32` or `f64`.
    pub(super) fn push(&mut self, tensor: Erased, name: Option<&str>) {
        self.tensors.push(tensor);
        self.names.push(name.map(str::to_owned));
    }

    pub(super) fn name(&self, leaf: usize) -> Option<&str> {
        self.names[leaf].as_deref()
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = &[usize]> {
        self.tensors.iter().map(|tensor| match tensor {
            Erased::F32(tensor) => tensor.shape(),
            Erased::F64(tensor) => tensor.shape(),
            _ => unreachable!("{REAL}"),
        })
    }

    pub(super) fn all_shapes(&self) -> Vec<Vec<usize>> {
        self.shapes().map(<[usize]>::to_vec).collect()
    }

    pub(super) fn are_single(&self) -> impl Iterator<Item = bool> {
        self.tensors.iter().map(|tensor| matches!(tensor, Erased::F32(_)))
    }

    pub(super) fn values(&self) -> Vec<Vec<f64>> {
        let values = |tensor: &Erased| match tensor {
            Erased::F32(tensor) => widened(tensor),
            Erased::F64(tensor) => tensor.to_vec(),
            _ => unreachable!("{REAL}"),
        };
        self.tensors.iter().map(values).collect()
    }

    /// Some of the tensors.
    pub(super) fn only(&self, leaves: &[usize]) -> Leaves {
        let tensors = leaves.iter().map(|leaf| self.tensors[*leaf].clone()).collect();
        let names = leaves.iter().map(|leaf| self.names[*leaf].clone()).collect();
        Leaves { tensors, names }
    }

    /// Tensors of the same shapes and dtypes, with other values.
    pub(super) fn like(&self, values: &[Vec<f64>]) -> Leaves {
        let mut like = Leaves::default();
        for (tensor, values) in self.tensors.iter().zip(values) {
            match tensor {
                Erased::F32(tensor) => like.add(&with_values(tensor, values)),
                Erased::F64(tensor) => like.add(&with_values(tensor, values)),
                _ => unreachable!("{REAL}"),
            }
        }
        like
    }
}

const REAL: &str = "only tensors with gradients are added";

fn widened(tensor: &Tensor) -> Vec<f64> {
    tensor.values().iter().copied().map(f64::from).collect()
}

/// A new tensor of the same shape and dtype.
pub(super) fn with_values<T: Element>(tensor: &Tensor<T>, values: &[f64]) -> Tensor<T> {
    of_shape(tensor.shape(), values)
}

/// A new tensor of the given shape.
pub(super) fn of_shape<T: Element>(shape: &[usize], values: &[f64]) -> Tensor<T> {
    let values = values.iter().map(|value| T::narrow(crate::element::Wide::Float(*value))).collect();
    Tensor::of_shape(Shape::of("check", shape.iter().copied()), values)
}

#[diagnostic::do_not_recommend]
impl Differentiable for Leaves {
    type Gradients = Leaves;

    fn visit(&self, visitor: &mut dyn Visitor) {
        for tensor in &self.tensors {
            match tensor {
                Erased::F32(tensor) => tensor.visit(visitor),
                Erased::F64(tensor) => tensor.visit(visitor),
                _ => unreachable!("{REAL}"),
            }
        }
    }

    fn gradients(&self, found: &mut Found<'_>) -> Result<Self::Gradients, Error> {
        let mut gradients = Leaves::default();
        for tensor in &self.tensors {
            match tensor {
                Erased::F32(tensor) => gradients.add(&tensor.gradients(found)?),
                Erased::F64(tensor) => gradients.add(&tensor.gradients(found)?),
                _ => unreachable!("{REAL}"),
            }
        }
        Ok(gradients)
    }
}
