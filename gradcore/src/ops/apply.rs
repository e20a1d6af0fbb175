//! Runs functions of single elements, and kernels that reduce, on tensors.

use crate::element::{Element, Real};
use crate::error::or_refuse;
use crate::kernels::loops::{self, Stretched};
use crate::kernels::reduce::Blocks;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// One output element for each input element.
#[inline]
#[track_caller]
pub(super) fn unary<A: Element, B: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    f: impl Fn(A) -> B + Sync,
) -> Tensor<B> {
    match x.as_scalar() {
        Some(value) => Tensor::computed_scalar(f(value)),
        None => Tensor::overwritten(operation, x.shared_shape(), |out| loops::map(x.values(), out, f)),
    }
}

/// A function of angles, which has one without branches for those that are near.
#[inline]
#[track_caller]
pub(super) fn of_angles<T: Real>(
    operation: &'static str,
    x: &Tensor<T>,
    near: impl Fn(T) -> T + Sync,
    anywhere: impl Fn(T) -> T + Sync,
) -> Tensor<T> {
    match x.as_scalar() {
        Some(value) => Tensor::computed_scalar(anywhere(value)),
        None => Tensor::overwritten(operation, x.shared_shape(), |out| {
            loops::map_mostly(x.values(), out, T::is_near, near, anywhere);
        }),
    }
}

/// One output element for each pair of input elements.
///
/// # Panics
/// Panics if the shapes do not broadcast.
#[inline]
#[track_caller]
pub(super) fn binary<A: Element, B: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    y: &Tensor<A>,
    f: impl Fn(A, A) -> B + Sync,
) -> Tensor<B> {
    if let (Some(x), Some(y)) = (x.as_scalar(), y.as_scalar()) {
        return Tensor::computed_scalar(f(x, y));
    }
    let shape = common_shape(operation, &x.shared_shape(), &y.shared_shape());
    Tensor::overwritten(operation, shape.clone(), |out| {
        if !out.is_empty() {
            loops::map_both(stretched(x, &shape), stretched(y, &shape), out, f);
        }
    })
}

/// The elements of a tensor, stretched to a shape that it broadcasts to and that is not empty.
#[inline]
pub(super) fn stretched<'a, T: Element>(x: &'a Tensor<T>, shape: &'a Shape) -> Stretched<'a, T> {
    Stretched::new(x.values(), x.shape(), shape)
}

#[inline]
#[track_caller]
pub(super) fn common_shape(operation: &'static str, left: &Shape, right: &Shape) -> Shape {
    // A clone costs no allocation.
    match (left, right) {
        _ if left == right || right.is_empty() => left.clone(),
        _ if left.is_empty() => right.clone(),
        _ => or_refuse(Shape::broadcast(operation, left, right)),
    }
}

/// A kernel that reduces blocks of elements.
type Reduce<T> = fn(&[T], Blocks, &mut [T]);

/// x reduced along axes, which are dropped or kept with size 1. Axes that stand apart are reduced one run after the other,
/// from the last, so that those before keep their places.
#[track_caller]
pub(super) fn reduced<T: Element>(
    operation: &'static str,
    x: &Tensor<T>,
    axes: &[usize],
    shape: Shape,
    kernel: Reduce<T>,
) -> Tensor<T> {
    let mut runs = axes.chunk_by(|axis, next| axis + 1 == *next).rev().peekable();
    let mut partial: Option<Tensor<T>> = None;
    while let Some(run) = runs.next() {
        let x = partial.as_ref().unwrap_or(x);
        let blocks = Blocks::around(x.shape(), &(run[0]..run[0] + run.len()));
        let of_y = if runs.peek().is_none() { shape.clone() } else { Shape::reduced(x.shape(), run, false) };
        partial = Some(Tensor::overwritten(operation, of_y, |out| kernel(x.values(), blocks, out)));
    }
    partial.unwrap_or_else(|| Tensor::overwritten(operation, shape, |out| out.copy_from_slice(x.values())))
}
