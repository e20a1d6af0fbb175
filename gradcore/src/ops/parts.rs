//! Parts of a tensor, and a tensor put together from parts.

use super::reshape;
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Element, Number};
use crate::kernels::parts::{self, Around};
use crate::shape::Shape;
use crate::tensor::{Role, Tensor};

/// A shape whose size along one axis is another.
///
/// # Panics
/// Panics if the sizes multiply to too much.
#[track_caller]
pub(super) fn resized(operation: &'static str, shape: &[usize], axis: usize, size: usize) -> Shape {
    Shape::of(operation, shape.iter().enumerate().map(|(k, &n)| if k == axis { size } else { n }))
}

/// The slices of x at `picks` along an axis; each slice of the gradient is added where its own was picked.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn gather<T: Number>(x: &Tensor<T>, picks: &[usize], axis: usize) -> Tensor<T> {
    let (size, around) = (x.shape()[axis], Around::axis(x.shape(), axis));
    let shape = resized("gather", x.shape(), axis, picks.len());
    let y = Tensor::overwritten("gather", shape, |out| parts::gather(x.values(), around, picks, out));
    (y.with_role(x.role()), |dy| scatter_add(dy, picks, axis, size))
}

/// Zeros of `size` along an axis, to which the slices of x are added at `picks`; the gradient is picked there.
#[custom_gradient(linear)]
fn scatter_add<T: Number>(x: &Tensor<T>, picks: &[usize], axis: usize, size: usize) -> Tensor<T> {
    let shape = resized("gather", x.shape(), axis, size);
    let around = Around::axis(&shape, axis);
    (within("gather", x, shape, |x, sums| parts::scatter_add(x, around, picks, sums)), |dy| gather(dy, picks, axis))
}

/// The block of `shape` that begins at `begin`; the gradient is 0 around it.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn slice<T: Element>(x: &Tensor<T>, begin: &[usize], shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let y = Tensor::overwritten("slice", shape.clone(), |out| parts::block(x.values(), &of_x, begin, shape, out));
    (y.with_role(x.role()), |dy| pad(dy, begin, &of_x))
}

/// Zeros of `shape` with x in them, which begins at `begin`; the gradient is that block.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn pad<T: Element>(x: &Tensor<T>, begin: &[usize], shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let y = within("pad", x, shape.clone(), |x, out| parts::place(x, &of_x, begin, shape, out));
    (y, |dy| slice(dy, begin, &of_x))
}

/// Zeros of `shape`, among which a kernel puts the elements of x. Those around a gradient are zeros of choice.
#[track_caller]
fn within<T: Element>(
    operation: &'static str,
    x: &Tensor<T>,
    shape: Shape,
    kernel: impl FnOnce(&[T], &mut [T]),
) -> Tensor<T> {
    if x.role() == Role::Value {
        return Tensor::over_zeros(operation, shape, |out| kernel(x.values(), out));
    }
    let x = x.clone().into_choices();
    let y = Tensor::overwritten(operation, shape, |out| {
        out.fill(T::NO_CHOICE);
        kernel(x.values(), out);
    });
    y.with_role(Role::Choices)
}

/// Tensors that are put together, in one role, and that role.
fn in_one_role<T: Element, X: std::borrow::Borrow<Tensor<T>>>(xs: &[X]) -> (Vec<Tensor<T>>, Role) {
    let xs = xs.iter().map(|x| x.borrow().clone());
    let role = xs.clone().map(|x| x.role()).max().unwrap_or(Role::Value);
    match xs.clone().all(|x| x.role() == role) {
        true => (xs.collect(), role),
        false => (xs.map(Tensor::into_choices).collect(), Role::Choices),
    }
}

/// Tensors one after the other along an axis, in which alone their shapes differ; each gets its part of the gradient. Errors
/// name the operation that the user has called.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn concat<T: Element>(operation: &'static str, xs: &[&Tensor<T>], axis: usize) -> Tensor<T> {
    let shapes: Vec<Shape> = xs.iter().map(|x| x.shared_shape()).collect();
    let size = shapes.iter().fold(0usize, |size, shape| size.saturating_add(shape[axis]));
    let whole = resized(operation, &shapes[0], axis, size);
    // Without elements there is nothing to go through, however large the other sizes are.
    let outer = if whole.size() == 0 { 0 } else { shapes[0][..axis].iter().product() };
    let (xs, role) = in_one_role(xs);
    let mut values = buffers::reserved(operation, &whole);
    for k in 0..outer {
        for x in &xs {
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
    (Tensor::computed(whole, values).with_role(role), grad)
}

/// Tensors of one size, each after the other, in a tensor of `shape`; each gets its part of the gradient.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn stack<T: Element>(rows: &[Tensor<T>], shape: &Shape) -> Tensor<T> {
    let mut values = buffers::reserved("stack", shape);
    let (in_role, role) = in_one_role(rows);
    in_role.iter().for_each(|row| values.extend_from_slice(row.values()));
    let of_rows: Vec<Shape> = rows.iter().map(Tensor::shared_shape).collect();
    let grad = |dy| {
        let size = of_rows.first().map_or(0, Shape::size);
        let flat = reshape(dy, &Shape::of("stack", [of_rows.len(), size]));
        let row = |(k, of_row)| reshape(&slice(&flat, &[k, 0], &Shape::of("stack", [1, size])), of_row);
        of_rows.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    (Tensor::computed(shape.clone(), values).with_role(role), grad)
}
