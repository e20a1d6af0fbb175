//! What a tape has to know of a tensor that goes into a call or comes out of one.

use std::sync::Arc;

use crate::shape::Shape;
use crate::tensor::{Identity, Seen, Untyped};

/// An input of a rule, or a part of targets and sources: what a tape has to know of a tensor.
#[derive(Clone, Copy)]
pub struct TensorRef<'a> {
    pub(crate) identity: Identity,
    pub(crate) seen: &'a dyn Seen,
}

/// An output of a rule.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// The identity under which the body knows it, and which `grad` may have captured.
    pub(crate) inside: Identity,
    /// The identity under which the caller gets it.
    pub(crate) outside: Identity,
    pub(crate) value: &'a dyn Untyped,
}

/// Whether all outputs of a call are truth values.
pub(crate) fn is_comparison(outputs: &[Output<'_>]) -> bool {
    outputs.iter().all(|output| output.value.is_bool())
}

/// A watched tensor that a body has read.
pub(crate) struct FoundInput {
    pub(crate) identity: Identity,
    shape: Shape,
    name: Option<Arc<str>>,
}

impl FoundInput {
    pub(crate) fn of(TensorRef { identity, seen }: TensorRef<'_>) -> Self {
        FoundInput { identity, shape: seen.shared_shape(), name: seen.name() }
    }

    pub(crate) fn tensor_ref(&self) -> TensorRef<'_> {
        TensorRef { identity: self.identity, seen: self }
    }
}

impl Seen for FoundInput {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn shared_shape(&self) -> Shape {
        self.shape.clone()
    }
    fn name(&self) -> Option<Arc<str>> {
        self.name.clone()
    }
}
