//! The notes on calls whose bodies are running. When a call ends they stand beside it in the lists of the tapes.

use std::rc::Rc;

use super::node::Backward;
use super::notes::{Aids, BadInput, NotedValue, Notes, bad_inputs, bad_output};
use super::tensor_ref::{Output, TensorRef};

/// The notes on calls whose bodies are running, if a tape asks for any; each with the depth of the call. A call that no
/// tape sees has none, and depth 0.
pub(super) struct Notebook {
    inputs: Vec<(u32, BadInput)>,
    residuals: Vec<(u32, NotedValue)>,
}

impl Notebook {
    pub(super) const fn new() -> Self {
        Notebook { inputs: Vec::new(), residuals: Vec::new() }
    }

    /// Notes which arguments of a call that begins are not finite.
    pub(super) fn look_at(&mut self, depth: u32, inputs: &[TensorRef<'_>], known: &[TensorRef<'_>]) {
        if depth != 0 {
            self.inputs.extend(bad_inputs(inputs, known).map(|bad| (depth, bad)));
        }
    }

    /// Notes what a backward function keeps.
    pub(super) fn keep(&mut self, depth: u32, residuals: impl IntoIterator<Item = NotedValue>) {
        if depth != 0 {
            self.residuals.extend(residuals.into_iter().map(|residuals| (depth, residuals)));
        }
    }

    /// The notes on a call that ends; one without a backward function is forgotten.
    pub(super) fn take(
        &mut self,
        asked: Aids,
        depth: u32,
        outputs: &[Output<'_>],
        backward: Option<&dyn Backward>,
    ) -> Option<Rc<Notes>> {
        if depth == 0 {
            return None;
        }
        let (inputs, mut residuals) = (taken(&mut self.inputs, depth), taken(&mut self.residuals, depth));
        residuals.sort_by_key(NotedValue::is_opaque);
        let backward = backward?;
        Some(Rc::new(Notes {
            inputs: inputs.into_iter().map(|bad| bad.named(|position| backward.parameter(position))).collect(),
            saved: asked.note_saved.then_some(residuals),
            output: if asked.check_numerics { bad_output(outputs) } else { None },
        }))
    }

    /// Forgets a call that has not come to an end, and those inside it.
    pub(super) fn forget(&mut self, depth: u32) {
        self.inputs.retain(|(of, _)| *of < depth);
        self.residuals.retain(|(of, _)| *of < depth);
    }
}

/// Takes the notes on the call at a depth, and drops notes that calls inside it have left behind.
fn taken<N>(notes: &mut Vec<(u32, N)>, depth: u32) -> Vec<N> {
    let first = notes.iter().position(|(of, _)| *of >= depth).unwrap_or(notes.len());
    notes.drain(first..).filter(|(of, _)| *of == depth).map(|(_, note)| note).collect()
}
