//! A body whose inputs are not known before it has run: what it reads of watched tensors becomes one.

use std::rc::Rc;

use super::{
    Begun, RECORDER, Recorder, abandon, expect_input, finish_with, forget_latest, lose, note_residuals, notes_saved,
};
use crate::recording::call_site::Rule;
use crate::recording::node::Backward;
use crate::recording::notes::NotedValue;
use crate::recording::tensor_ref::{FoundInput, Output, TensorRef};

/// A running body whose inputs are discovered. No tape records its operations.
pub(crate) struct Discovery {
    depth: u32,
}

impl Discovery {
    /// Begins the body, unless no tape would record the call.
    pub(crate) fn begin(rule: &'static Rule) -> Option<Self> {
        RECORDER.with_borrow_mut(|recorder| {
            let Recorder { tapes, frames, next_serial, barrier, .. } = recorder;
            if !tapes.iter().any(|tape| tape.records(*barrier)) {
                return None;
            }
            frames.push(rule, (*barrier, *next_serial));
            frames.last().discovers = true;
            forget_latest();
            *barrier = *next_serial;
            Some(Discovery { depth: frames.depth() })
        })
    }

    /// Ends the body and records the call, if anything that it has read is watched.
    ///
    /// # Panics
    /// Panics if the call stands in the body of a rule, and something that it has read is no input of that rule.
    #[track_caller]
    pub(crate) fn end(
        mut self,
        outputs: &[Output<'_>],
        backward: impl FnOnce(Vec<FoundInput>) -> Rc<dyn Backward>,
        residuals: impl FnOnce() -> Vec<NotedValue>,
    ) {
        for output in outputs.iter().filter(|output| !output.inside.is_computed()) {
            expect_input(TensorRef { identity: output.inside, seen: output.value }, None);
        }
        let found = RECORDER.with_borrow_mut(|recorder| recorder.found(self.depth));
        match found {
            Ok(found) => {
                let backward = (!found.is_empty()).then(|| backward(found));
                let begun = Begun { watched: u64::from(backward.is_some()), depth: std::mem::take(&mut self.depth) };
                if let Some(backward) = backward.as_ref().filter(|_| notes_saved()) {
                    note_residuals(begun, residuals().into_iter().chain([NotedValue::function(&**backward)]));
                }
                finish_with(begun, outputs, backward);
            }
            Err(lost) => lose(&lost),
        }
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        if self.depth != 0 {
            abandon(self.depth);
        }
    }
}

impl Recorder {
    /// What the body at this depth has found. The call as a whole reads it: variables get their slots, and a rule around
    /// it must know it.
    fn found(&mut self, depth: u32) -> Result<Vec<FoundInput>, String> {
        let Some((frame, found)) = self.frames.take_found(depth) else { return Ok(Vec::new()) };
        for tape in self.tapes.iter().filter(|tape| tape.saw(depth, &frame)) {
            let mut record = tape.record.borrow_mut();
            found.iter().for_each(|input| {
                record.slot_when_read(input.tensor_ref());
            });
        }
        let known = found.iter().try_for_each(|input| self.expect_known(input.tensor_ref(), None));
        self.frames.put_back(frame, found.iter().map(|input| input.identity));
        known.map(|()| found)
    }
}
