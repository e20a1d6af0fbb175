//! What operations on several tensors ask of them.

use std::borrow::Borrow;

use crate::element::Element;
use crate::error::{Error, refuse};
use crate::tensor::{Operand, Tensor};

/// The tensors of a list, or what becomes one, of which there is at least one.
#[track_caller]
pub(super) fn all_held<T: Element, X: Operand<T>>(
    operation: &'static str,
    tensors: impl IntoIterator<Item = X>,
) -> Vec<Tensor<T>> {
    let tensors: Vec<Tensor<T>> = tensors.into_iter().map(|x| x.held().borrow().clone()).collect();
    if tensors.is_empty() {
        refuse(&Error::Argument { operation, expected: "at least one tensor".into(), found: "none".into() });
    }
    tensors
}

/// Refuses tensors whose shapes differ, unless it is along the axis `but`.
#[track_caller]
pub(super) fn expect_alike<T: Element>(operation: &'static str, tensors: &[Tensor<T>], but: Option<usize>) {
    let compared =
        |shape: &[usize]| shape.iter().enumerate().filter(|(k, _)| Some(*k) != but).map(|(_, n)| *n).collect();
    let first: Vec<usize> = compared(tensors[0].shape());
    if tensors.iter().any(|x| x.rank() != tensors[0].rank() || compared(x.shape()) != first) {
        let elsewhere = but.map(|axis| format!(" but for axis {axis}")).unwrap_or_default();
        refuse(&Error::Argument {
            operation,
            expected: format!("tensors of one shape{elsewhere}"),
            found: format!("{:?}", tensors.iter().map(Tensor::shape).collect::<Vec<_>>()),
        });
    }
}
