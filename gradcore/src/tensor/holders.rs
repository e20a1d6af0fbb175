//! Who holds the elements of a tensor.

use std::sync::Arc;

use super::{Data, Dense, Storage, Tensor};

/// Elements, or a shape over those of another tensor: where they are, and how many handles to them exist.
#[derive(Clone, Copy)]
pub(crate) struct Holding {
    pub(crate) address: usize,
    pub(crate) handles: usize,
}

impl Holding {
    fn of<T>(dense: &Arc<Dense<T>>) -> Self {
        Holding { address: Arc::as_ptr(dense).addr(), handles: Arc::strong_count(dense) }
    }
}

impl<T> Tensor<T> {
    /// What this handle holds, and what that holds where it was reshaped. A scalar stands in place and holds nothing.
    pub(crate) fn holdings(&self) -> (Option<Holding>, Option<Holding>) {
        let Storage::Dense(dense) = &self.storage else { return (None, None) };
        let original = match &dense.data {
            Data::Own(_) => None,
            Data::Of(original) => Some(Holding::of(original)),
        };
        (Some(Holding::of(dense)), original)
    }
}
