//! What the gradients of a rule over arrays are computed from: none of them has a derivative of its own.

use smallvec::SmallVec;

use crate::element::Element;
use crate::recording::call_site::CallSite;
use crate::recording::recorder;
use crate::recording::tensor_ref::TensorRef;
use crate::rule::input::{CallInputs, SeenTensors};
use crate::rule::underived::Underived;
use crate::shape::Shape;
use crate::tensor::{Identity, Tensor};

/// The inputs of a call and, while `grad` runs, the upstream gradients.
#[derive(Clone, Default)]
pub(super) struct Sources(SmallVec<[(Identity, Shape); 3]>);

impl Sources {
    /// The inputs, if a tape may watch them.
    #[inline]
    pub(super) fn of(inputs: &impl CallInputs) -> Self {
        let mut sources = Sources::default();
        if !recorder::is_idle() {
            let mut seen = SeenTensors::default();
            inputs.tensor_refs(&mut seen, false);
            seen.inputs.iter().for_each(|input| sources.add(*input));
        }
        sources
    }

    fn add(&mut self, tensor_ref: TensorRef<'_>) {
        self.0.push((tensor_ref.identity, tensor_ref.seen.shared_shape()));
    }

    /// The same, and what `tensor_refs` adds; nothing where no tape could ask for it.
    #[inline]
    pub(super) fn with<'a>(&self, tensor_refs: impl FnOnce(&mut dyn FnMut(TensorRef<'a>))) -> Self {
        if !recorder::is_recording() {
            return Sources::default();
        }
        let mut all = self.clone();
        tensor_refs(&mut |tensor_ref| all.add(tensor_ref));
        all
    }

    /// The gradient, such that its derivative is an error.
    #[inline]
    pub(super) fn mark<T: Element>(&self, site: CallSite, gradient: Tensor<T>) -> Tensor<T> {
        if self.0.is_empty() {
            return gradient;
        }
        let tensor_refs: SmallVec<[TensorRef<'_>; 3]> =
            self.0.iter().map(|(identity, shape)| TensorRef { identity: *identity, seen: shape }).collect();
        Underived {
            site,
            order: "second",
            reason: "its gradient is computed on arrays, which no tape sees; write it with tensors",
        }
        .mark(&tensor_refs, gradient)
    }
}
