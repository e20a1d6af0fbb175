//! A body whose inputs are not known before it has run: what it reads of watched tensors becomes one.

use std::rc::Rc;

use smallvec::SmallVec;

use super::{Begun, Frame, RECORDER, Rare, Recorder, abandon, expect_input, finish_with, lose};
use crate::shape::Shape;
use crate::tape::node::{Backward, Rule};
use crate::tape::record::{Member, Output};
use crate::tensor::{Identity, Seen};

/// A watched tensor that a body has read.
pub(crate) struct FoundInput {
    identity: Identity,
    shape: Shape,
    name: Option<String>,
}

impl FoundInput {
    fn of(Member { identity, seen }: Member<'_>) -> Self {
        FoundInput { identity, shape: seen.shared_shape(), name: seen.name().map(str::to_owned) }
    }

    pub(crate) fn member(&self) -> Member<'_> {
        Member { identity: self.identity, seen: self }
    }
}

impl Seen for FoundInput {
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn shared_shape(&self) -> Shape {
        self.shape.clone()
    }
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl Frame {
    /// Makes an input of a watched tensor, if this is a body whose inputs are discovered.
    pub(super) fn discovers(&mut self, read: Member<'_>) -> bool {
        let Some(Rare::Found(found)) = self.rare.as_deref_mut() else { return false };
        self.inputs.push(read.identity);
        found.push(FoundInput::of(read));
        true
    }
}

/// A running body whose inputs are discovered. No tape records its operations.
pub(crate) struct Discovery {
    depth: u32,
}

impl Discovery {
    /// Begins the body, unless no tape would record the call.
    pub(crate) fn begin(rule: &'static Rule) -> Option<Self> {
        RECORDER.with_borrow_mut(|recorder| {
            let Recorder { tapes, frames, next_serial, barrier } = recorder;
            if !tapes.iter().any(|tape| tape.records(*barrier)) {
                return None;
            }
            frames.push(Frame {
                rule,
                inputs: SmallVec::new(),
                known: SmallVec::new(),
                rare: Some(Box::new(Rare::Found(Vec::new()))),
                serials: (*barrier, *next_serial),
                first_sequence: Identity::upcoming(),
                slots_before: SmallVec::new(),
            });
            *barrier = *next_serial;
            let depth = u32::try_from(frames.len()).expect("rules nest less deep than 2^32");
            Some(Discovery { depth })
        })
    }

    /// Ends the body and records the call, if anything that it has read is watched.
    ///
    /// # Panics
    /// Panics if the call stands in the body of a rule, and something that it has read is no input of that rule.
    #[track_caller]
    pub(crate) fn end(mut self, outputs: &[Output<'_>], backward: impl FnOnce(Vec<FoundInput>) -> Rc<dyn Backward>) {
        for output in outputs.iter().filter(|output| !output.inside.is_computed()) {
            expect_input(Member { identity: output.inside, seen: output.value }, None);
        }
        let found = RECORDER.with_borrow_mut(|recorder| recorder.found(self.depth));
        match found {
            Ok(found) => {
                let backward = (!found.is_empty()).then(|| backward(found));
                let depth = std::mem::take(&mut self.depth);
                finish_with(Begun { watched: u64::from(backward.is_some()), depth }, outputs, backward);
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
        let mut within = self.frames.split_off(depth as usize - 1);
        let Some(Rare::Found(found)) = within[0].rare.take().map(|rare| *rare) else {
            unreachable!("the frame of a discovery holds what it has found")
        };
        for tape in self.tapes.iter().filter(|tape| within[0].covers(tape)) {
            let mut record = tape.record.borrow_mut();
            found.iter().for_each(|input| {
                record.slot_when_read(input.member());
            });
        }
        let known = found.iter().try_for_each(|input| self.expect_known(input.member(), None));
        self.frames.append(&mut within);
        known.map(|()| found)
    }
}
