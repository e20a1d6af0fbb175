//! The same elements in another shape.

use super::apply::summed;
use crate::custom_gradient;
use crate::element::{Element, Number};
use crate::error::{Error, refuse};
use crate::kernels::layout;
use crate::recording::call_site::{Fit, Rule};
use crate::recording::recorder;
use crate::shape::{Shape, axis_indices};
use crate::tensor::{Erased, Identity, Tensor};
use crate::variable::Variable;

/// x as another tensor; d/dx = 1.
#[custom_gradient(linear)]
pub(crate) fn identity<T: Element>(x: &Tensor<T>) -> Tensor<T> {
    (x.renewed(Identity::computed()), |dy| dy)
}

impl<T: Element> Variable<T> {
    /// The value now, as a tensor of its own: later assignments leave it as it is. A gradient flows through it to the
    /// variable if a tape records.
    #[track_caller]
    #[must_use]
    pub fn value(&self) -> Tensor<T> {
        identity(self)
    }

    /// As [`value`](Self::value). (A clone of the tensor that the variable dereferences to would go on being the
    /// variable to a tape.)
    #[allow(clippy::should_implement_trait, reason = "the clone of a variable is no variable")]
    #[track_caller]
    #[must_use]
    pub fn clone(&self) -> Tensor<T> {
        self.value()
    }
}

/// The value of x as a constant. It is no rule: a body may pass through it what is none of its inputs.
#[track_caller]
pub(crate) fn stop_gradient<T: Element>(x: &Tensor<T>) -> Tensor<T> {
    static RULE: Rule = Rule::new("stop_gradient", file!(), line!(), &["x"]);
    recorder::aside::note_cut(&RULE, x.identity());
    let constant = x.renewed(Identity::fresh());
    recorder::aside::note_constant(constant.identity());
    constant
}

/// x under another shape of equal size; the gradient takes the shape of x.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn reshape<T: Element>(x: &Tensor<T>, shape: &Shape) -> Tensor<T> {
    if shape.size() != x.size() {
        refuse(&Error::Argument {
            operation: "reshape",
            expected: format!("a shape of {} elements, as `x` of shape {:?} has", x.size(), x.shape()),
            found: format!("{shape:?}"),
        });
    }
    let of_x = x.shared_shape();
    (x.reshaped(shape.clone()), |dy| reshape(dy, &of_x))
}

/// x with its axes in the order `permutation`; the gradient's axes go back.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn transpose<T: Element>(x: &Tensor<T>, permutation: &[usize]) -> Tensor<T> {
    let shape = Shape::permuted(x.shape(), permutation);
    let permuted = |out: &mut [T]| layout::permute(x.values(), x.shape(), permutation, &shape, out);
    let y = Tensor::overwritten("transpose", shape.clone(), permuted).with_role(x.role());
    let mut inverse = vec![0; permutation.len()];
    permutation.iter().enumerate().for_each(|(place, &axis)| inverse[axis] = place);
    (y, |dy| transpose(dy, &inverse))
}

/// The permutation that a caller means: of every axis, each counted from either end; reversed if none is given.
#[track_caller]
pub(crate) fn permutation(axes: Option<&[isize]>, shape: &[usize]) -> Vec<usize> {
    let Some(axes) = axes else { return (0..shape.len()).rev().collect() };
    if axes.len() != shape.len() {
        refuse(&Error::Argument {
            operation: "transpose",
            expected: format!("`perm` to name each of the {} axes of shape {shape:?}", shape.len()),
            found: format!("{axes:?}"),
        });
    }
    if let Err(error) = axis_indices("transpose", axes, shape) {
        refuse(&error);
    }
    axes.iter().map(|&axis| if axis < 0 { axis + shape.len().cast_signed() } else { axis }.cast_unsigned()).collect()
}

/// x stretched to a shape that it broadcasts to; the gradient is summed back.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn broadcast_to<T: Number>(x: &Tensor<T>, shape: &Shape) -> Tensor<T> {
    let fits = Shape::broadcast("broadcast_to", x.shape(), shape);
    if !fits.is_ok_and(|fits| fits == *shape) {
        refuse(&Error::Broadcast { operation: "broadcast_to", left: x.shape().to_vec(), right: shape.to_vec() });
    }
    let of_x = x.shared_shape();
    let y =
        Tensor::overwritten("broadcast_to", shape.clone(), |out| layout::broadcast(x.values(), x.shape(), shape, out));
    (y.with_role(x.role()), |dy| sum_to(dy, &of_x))
}

/// The one place where broadcasting is undone: x summed over the axes along which a tensor of `shape` was stretched.
///
/// # Panics
/// Panics if no such sum has that shape.
#[track_caller]
#[inline]
pub(crate) fn sum_to<T: Number>(x: &Tensor<T>, shape: &Shape) -> Tensor<T> {
    if *shape == x.shape() { x.clone() } else { sum_over_stretched(x, shape) }
}

/// Sums a gradient whose input was stretched; any other is left as it is.
pub const UNDO_BROADCAST: Fit = Fit(undo_broadcast);

fn undo_broadcast(gradient: Erased, shape: &Shape) -> Erased {
    let was_stretched = Shape::broadcast("sum_to", gradient.as_untyped().shape(), shape)
        .is_ok_and(|fits| fits == gradient.as_untyped().shape());
    match gradient {
        Erased::F32(gradient) if was_stretched => Erased::F32(sum_to(&gradient, shape)),
        Erased::F64(gradient) if was_stretched => Erased::F64(sum_to(&gradient, shape)),
        other => other,
    }
}

#[custom_gradient(linear)]
#[track_caller]
fn sum_over_stretched<T: Number>(x: &Tensor<T>, shape: &Shape) -> Tensor<T> {
    let of_x = x.shared_shape();
    let fits = Shape::broadcast("sum_to", x.shape(), shape);
    let Some(extra) = x.rank().checked_sub(shape.len()).filter(|_| fits.is_ok_and(|fits| fits == of_x)) else {
        refuse(&Error::Broadcast { operation: "sum_to", left: x.shape().to_vec(), right: shape.to_vec() });
    };
    let was_stretched = |axis: &usize| *axis < extra || shape[*axis - extra] != x.shape()[*axis];
    let axes: Vec<usize> = (0..x.rank()).filter(was_stretched).collect();
    let y = summed("sum_to", x, &axes, shape.clone());
    (y, |dy| broadcast_to(dy, &of_x))
}
