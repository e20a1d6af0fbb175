//! Runs element-wise kernels on tensors: rank 0 in place, equal shapes at once, everything else broadcast.

use std::ops::Deref;

use crate::buffers::{self, Buffer};
use crate::element::Element;
use crate::error::or_refuse;
use crate::kernels::layout;
use crate::kernels::reduce::Blocks;
use crate::shape::Shape;
use crate::tensor::{FEW, Tensor};

/// One output element for each input element.
#[inline]
#[track_caller]
pub(super) fn unary<A: Element, B: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    kernel: impl FnOnce(&[A], &mut [B]),
) -> Tensor<B> {
    if let Some(value) = x.as_scalar() {
        let mut out = [B::default()];
        kernel(&[value], &mut out);
        return Tensor::computed_scalar(out[0]);
    }
    Tensor::overwritten(operation, x.shared_shape(), |out| kernel(x.values(), out))
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
    kernel: impl Fn(&[A], &[A], &mut [B]),
) -> Tensor<B> {
    if let (Some(x), Some(y)) = (x.as_scalar(), y.as_scalar()) {
        let mut out = [B::default()];
        kernel(&[x], &[y], &mut out);
        return Tensor::computed_scalar(out[0]);
    }
    let shape = common_shape(operation, &x.shared_shape(), &y.shared_shape());
    Tensor::overwritten(operation, shape.clone(), |out| binary_dense(operation, x, y, &shape, out, kernel))
}

/// Elements of a block of repeated scalars: it stays in the first-level cache.
const BLOCK: usize = 512;

#[track_caller]
fn binary_dense<A: Element, B: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    y: &Tensor<A>,
    shape: &Shape,
    out: &mut [B],
    kernel: impl Fn(&[A], &[A], &mut [B]),
) {
    let (left, right) = (x.values(), y.values());
    if left.len() == out.len() && right.len() == out.len() {
        kernel(left, right, out);
    } else if let ([x], true) = (left, right.len() == out.len()) {
        beside_scalar(*x, right, out, kernel);
    } else if let (true, [y]) = (left.len() == out.len(), right) {
        beside_scalar(*y, left, out, |y, x, out| kernel(x, y, out));
    } else if left.len() == out.len() && repeats(y.shape(), shape) {
        for (left, out) in left.chunks_exact(right.len()).zip(out.chunks_exact_mut(right.len())) {
            kernel(left, right, out);
        }
    } else {
        kernel(&stretched(operation, x, shape), &stretched(operation, y, shape), out);
    }
}

/// A kernel of a scalar, which is repeated, and of as many elements as it writes.
#[inline]
fn beside_scalar<A: Element, B: Element>(scalar: A, dense: &[A], out: &mut [B], kernel: impl Fn(&[A], &[A], &mut [B])) {
    if out.len() <= FEW {
        return kernel(&[scalar; FEW][..out.len()], dense, out);
    }
    let repeated = [scalar; BLOCK];
    for (dense, out) in dense.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        kernel(&repeated[..dense.len()], dense, out);
    }
}

/// Whether a tensor of shape `row` fills `shape` when it is repeated end to end: a bias added to a batch.
fn repeats(row: &[usize], shape: &[usize]) -> bool {
    !row.contains(&0) && !row.is_empty() && shape.ends_with(row)
}

/// The elements of a tensor stretched to a shape that it broadcasts to; copied only if they have to be.
#[track_caller]
pub(super) fn stretched<'a, T: Element>(operation: &'static str, x: &'a Tensor<T>, shape: &Shape) -> Stretched<'a, T> {
    if *shape == x.shape() {
        return Stretched::Borrowed(x.values());
    }
    let mut out = Buffer::new(buffers::overwritten(operation, shape));
    layout::broadcast(x.values(), x.shape(), shape, &mut out);
    Stretched::Own(out)
}

/// Elements of a tensor, or copies of them for an operation.
pub(super) enum Stretched<'a, T> {
    Borrowed(&'a [T]),
    Own(Buffer<T>),
}

impl<T> Deref for Stretched<'_, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Stretched::Borrowed(values) => values,
            Stretched::Own(values) => values,
        }
    }
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
