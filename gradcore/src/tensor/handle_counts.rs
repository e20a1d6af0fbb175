//! Who holds the elements of a tensor.

use std::sync::Arc;

use super::{Data, Dense, Storage, Tensor};

/// Elements, or a shape over those of another tensor: where they are, and how many handles to them exist.
#[derive(Clone, Copy)]
pub(crate) struct HandleCount {
    pub(crate) address: usize,
    pub(crate) handles: usize,
}

impl HandleCount {
    fn of<T>(dense: &Arc<Dense<T>>) -> Self {
        HandleCount { address: Arc::as_ptr(dense).addr(), handles: Arc::strong_count(dense) }
    }
}

impl<T> Tensor<T> {
    /// What this handle holds, and what that holds where it was reshaped. A scalar stands in place and holds nothing.
    pub(crate) fn handle_counts(&self) -> (Option<HandleCount>, Option<HandleCount>) {
        let Storage::Dense(_, dense) = &self.storage else { return (None, None) };
        let original = match &dense.data {
            Data::Few { .. } | Data::Own(_) => None,
            Data::Of(original) => Some(HandleCount::of(original)),
        };
        (Some(HandleCount::of(dense)), original)
    }
}
