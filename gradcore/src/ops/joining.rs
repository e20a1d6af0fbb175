//! Tensors as the rows of one.

use crate::custom_gradient;
use crate::element::Element;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Tensors of one size, each after the other, in a tensor of `shape`; each receives its part of the gradient.
#[custom_gradient]
pub(crate) fn stack<T: Element>(rows: &[Tensor<T>], shape: &Shape) -> Tensor<T> {
    let values = rows.iter().flat_map(Tensor::values).copied().collect();
    let of_rows: Vec<Shape> = rows.iter().map(Tensor::shared_shape).collect();
    let grad = |dy| of_rows.iter().enumerate().map(|(k, of_row)| row(dy, k, of_row)).collect::<Vec<_>>();
    (Tensor::computed(shape.clone(), values), grad)
}

/// The `k`th of the tensors of `shape` that stand in x, each after the other; the gradient goes back to its place.
#[custom_gradient]
fn row<T: Element>(x: &Tensor<T>, k: usize, shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let values = x.values()[k * shape.size()..][..shape.size()].to_vec();
    (Tensor::computed(shape.clone(), values), |dy| placed(dy, k, &of_x))
}

/// x as the `k`th of the tensors of its size that stand in a tensor of `shape`, whose others are zero.
#[custom_gradient]
fn placed<T: Element>(x: &Tensor<T>, k: usize, shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let mut values = vec![T::default(); shape.size()];
    values[k * x.size()..][..x.size()].copy_from_slice(x.values());
    (Tensor::computed(shape.clone(), values), |dy| row(dy, k, &of_x))
}
