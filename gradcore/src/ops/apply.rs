//! Runs functions of single elements, and kernels that reduce, on tensors.

use std::borrow::Cow;

use crate::element::{Element, Number, Real};
use crate::error::or_refuse;
use crate::kernels::elementwise::{kept, kept_of_two};
use crate::kernels::loops::{self, Stretched};
use crate::kernels::reduce::{self, Blocks};
use crate::shape::Shape;
use crate::tensor::{Role, Tensor};

/// What an operation that is no linear function of gradients sees of one: plain zeros.
fn plain<T: Element>(x: &Tensor<T>) -> Cow<'_, Tensor<T>> {
    if x.role().has_choices() { Cow::Owned(x.clone().into_value().with_role(Role::Gradient)) } else { Cow::Borrowed(x) }
}

/// One output element for each input element.
#[inline]
#[track_caller]
pub(super) fn unary<A: Element, B: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    f: impl Fn(A) -> B + Sync,
) -> Tensor<B> {
    match x.role() {
        Role::Value => raw_unary(operation, x, f),
        _ => raw_unary(operation, &plain(x), f).with_role(Role::Gradient),
    }
}

/// As [`unary`], of a linear function, which sees zeros of choice as they are.
#[inline]
#[track_caller]
pub(super) fn raw_unary<A: Element, B: Element>(
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
    let x = plain(x);
    let y = match x.as_scalar() {
        Some(value) => Tensor::computed_scalar(anywhere(value)),
        None => Tensor::overwritten(operation, x.shared_shape(), |out| {
            loops::map_mostly(x.values(), out, T::is_near, near, anywhere);
        }),
    };
    y.with_role(x.role())
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
    match x.role().max(y.role()) {
        Role::Value => raw_binary(operation, x, y, f),
        _ => raw_binary(operation, &plain(x), &plain(y), f).with_role(Role::Gradient),
    }
}

/// As [`binary`], of a function that is linear in gradients and sees their zeros of choice as they are.
#[inline]
#[track_caller]
pub(super) fn raw_binary<A: Element, B: Element>(
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

/// As [`binary`], of a function that is linear in gradients, which x and y may be: what is a zero of choice in one of them is one
/// in the result.
#[inline]
#[track_caller]
pub(super) fn product<T: Number>(
    operation: &'static str,
    x: &Tensor<T>,
    y: &Tensor<T>,
    f: impl Fn(T, T) -> T + Copy + Sync,
) -> Tensor<T> {
    let z = match (x.role().has_choices(), y.role().has_choices()) {
        (false, false) => raw_binary(operation, x, y, f),
        (true, false) => raw_binary(operation, x, y, |x, y| kept(x, f(x, y))),
        (false, true) => raw_binary(operation, x, y, |x, y| kept(y, f(x, y))),
        (true, true) => raw_binary(operation, x, y, |x, y| kept_of_two(x, y, f(x, y))),
    };
    z.with_role(x.role().of_product(y.role()))
}

/// As [`product`], of a quotient, of which only x is a gradient.
#[inline]
#[track_caller]
pub(super) fn quotient<T: Number>(
    operation: &'static str,
    x: &Tensor<T>,
    y: &Tensor<T>,
    f: impl Fn(T, T) -> T + Copy + Sync,
) -> Tensor<T> {
    product(operation, x, &plain(y), f)
}

/// As [`product`], of a function that is linear in x and in y, and of z besides.
#[track_caller]
pub(super) fn product_over<T: Number>(
    operation: &'static str,
    x: &Tensor<T>,
    y: &Tensor<T>,
    z: &Tensor<T>,
    f: impl Fn(T, T, T) -> T + Copy + Sync,
) -> Tensor<T> {
    let result = match (x.role().has_choices(), y.role().has_choices()) {
        (false, false) => raw_ternary(operation, x, y, z, f),
        (true, false) => raw_ternary(operation, x, y, z, |x, y, z| kept(x, f(x, y, z))),
        (false, true) => raw_ternary(operation, x, y, z, |x, y, z| kept(y, f(x, y, z))),
        (true, true) => raw_ternary(operation, x, y, z, |x, y, z| kept_of_two(x, y, f(x, y, z))),
    };
    result.with_role(x.role().of_product(y.role()))
}

/// One output element for each triple of input elements.
///
/// # Panics
/// Panics if the shapes do not broadcast.
#[track_caller]
pub(super) fn ternary<A: Element, B: Element, C: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    y: &Tensor<B>,
    z: &Tensor<B>,
    f: impl Fn(A, B, B) -> C + Sync,
) -> Tensor<C> {
    match x.role().max(y.role()).max(z.role()) {
        Role::Value => raw_ternary(operation, x, y, z, f),
        _ => raw_ternary(operation, &plain(x), &plain(y), &plain(z), f).with_role(Role::Gradient),
    }
}

/// As [`ternary`], of a function that is linear in gradients and sees their zeros of choice as they are.
#[track_caller]
pub(super) fn raw_ternary<A: Element, B: Element, C: Element>(
    operation: &'static str,
    x: &Tensor<A>,
    y: &Tensor<B>,
    z: &Tensor<B>,
    f: impl Fn(A, B, B) -> C + Sync,
) -> Tensor<C> {
    if let (Some(x), Some(y), Some(z)) = (x.as_scalar(), y.as_scalar(), z.as_scalar()) {
        return Tensor::computed_scalar(f(x, y, z));
    }
    let shape =
        common_shape(operation, &common_shape(operation, &x.shared_shape(), &y.shared_shape()), &z.shared_shape());
    Tensor::overwritten(operation, shape.clone(), |out| {
        if !out.is_empty() {
            loops::map_three(stretched(x, &shape), stretched(y, &shape), stretched(z, &shape), out, f);
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

/// The sums of x along axes, which are dropped or kept with size 1.
#[track_caller]
pub(super) fn summed<T: Number>(operation: &'static str, x: &Tensor<T>, axes: &[usize], shape: Shape) -> Tensor<T> {
    let kernel = if x.role().has_choices() { reduce::sum_of_choices } else { reduce::sum };
    reduced(operation, x, axes, shape, kernel).with_role(x.role())
}

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
