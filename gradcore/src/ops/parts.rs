//! Parts of a tensor, and a tensor put together from parts.

use super::reshape;
use crate::custom_gradient;
use crate::element::{Element, Number};
use crate::kernels::parts::{self, Around};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A shape whose size along one axis is another.
pub(super) fn resized(shape: &[usize], axis: usize, size: usize) -> Shape {
    shape.iter().enumerate().map(|(k, &n)| if k == axis { size } else { n }).collect()
}

/// The slices of x at `picks` along an axis; each slice of the gradient is added where its own was picked.
#[custom_gradient]
pub(crate) fn gather<T: Number>(x: &Tensor<T>, picks: &[usize], axis: usize) -> Tensor<T> {
    let size = x.shape()[axis];
    let y = parts::gather(x.values(), Around::axis(x.shape(), axis), picks);
    (Tensor::computed(resized(x.shape(), axis, picks.len()), y), |dy| scatter_add(dy, picks, axis, size))
}

/// Zeros of `size` along an axis, to which the slices of x are added at `picks`; the gradient is picked there.
#[custom_gradient]
fn scatter_add<T: Number>(x: &Tensor<T>, picks: &[usize], axis: usize, size: usize) -> Tensor<T> {
    let shape = resized(x.shape(), axis, size);
    let y = parts::scatter_add(x.values(), Around::axis(&shape, axis), picks);
    (Tensor::computed(shape, y), |dy| gather(dy, picks, axis))
}

/// The block of `shape` that begins at `begin`; the gradient is 0 around it.
#[custom_gradient]
pub(crate) fn slice<T: Element>(x: &Tensor<T>, begin: &[usize], shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let y = parts::block(x.values(), &of_x, begin, shape);
    (Tensor::computed(shape.clone(), y), |dy| pad(dy, begin, &of_x))
}

/// Zeros of `shape` with x in them, which begins at `begin`; the gradient is that block.
#[custom_gradient]
pub(crate) fn pad<T: Element>(x: &Tensor<T>, begin: &[usize], shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let y = parts::place(x.values(), &of_x, begin, shape);
    (Tensor::computed(shape.clone(), y), |dy| slice(dy, begin, &of_x))
}

/// Tensors one after the other along an axis, in which alone their shapes differ; each gets its part of the gradient.
#[custom_gradient]
pub(crate) fn concat<T: Element>(xs: &[&Tensor<T>], axis: usize) -> Tensor<T> {
    let shapes: Vec<Shape> = xs.iter().map(|x| x.shared_shape()).collect();
    let whole = resized(&shapes[0], axis, shapes.iter().map(|shape| shape[axis]).sum());
    let outer = shapes[0][..axis].iter().product();
    let mut values = Vec::with_capacity(whole.size());
    for k in 0..outer {
        for x in xs {
            let width = x.size() / outer;
            values.extend_from_slice(&x.values()[k * width..][..width]);
        }
    }
    let grad = |dy| {
        let mut begin = vec![0; dy.rank()];
        let mut next = |shape: &Shape| {
            let part = slice(dy, &begin, shape);
            begin[axis] += shape[axis];
            part
        };
        shapes.iter().map(&mut next).collect::<Vec<_>>()
    };
    (Tensor::computed(whole, values), grad)
}

/// Tensors of one size, each after the other, in a tensor of `shape`; each gets its part of the gradient.
#[custom_gradient]
pub(crate) fn stack<T: Element>(rows: &[Tensor<T>], shape: &Shape) -> Tensor<T> {
    let values = rows.iter().flat_map(Tensor::values).copied().collect();
    let of_rows: Vec<Shape> = rows.iter().map(Tensor::shared_shape).collect();
    let grad = |dy| {
        let size = of_rows.first().map_or(0, Shape::size);
        let flat = reshape(dy, &[of_rows.len(), size].into_iter().collect());
        let row = |(k, of_row)| reshape(&slice(&flat, &[k, 0], &[1, size].into_iter().collect()), of_row);
        of_rows.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    (Tensor::computed(shape.clone(), values), grad)
}
