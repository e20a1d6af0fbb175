//! What one tape has recorded.

use std::fmt;
use std::rc::Rc;

use smallvec::SmallVec;

use super::forward::Tangent;
use super::node::{Backward, Node, Origin, places};
use super::slots::{NONE, Slot, SlotMap};
use crate::shape::Shape;
use crate::tensor::{Erased, Identity, Seen, Untyped};

/// An input of a rule, or a member of targets and sources: what a tape has to know of a tensor.
#[derive(Clone, Copy)]
pub struct Member<'a> {
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

/// A call through which no gradient flows although an input is watched; kept to explain missing gradients.
pub(crate) struct Cut {
    pub(crate) origin: Origin,
    pub(crate) inputs: SmallVec<[Slot; 2]>,
    /// Whether it gave truth values: what is chosen by them alone has the derivative zero, where it has one.
    pub(crate) is_comparison: bool,
}

/// Whether all outputs of a call are truth values.
pub(crate) fn is_comparison(outputs: &[Output<'_>]) -> bool {
    outputs.iter().all(|output| output.value.is_bool())
}

/// Whether and how a tape records.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings {
    pub(crate) persistent: bool,
    pub(crate) watch_variables: bool,
    /// Whether it is a forward accumulator, which computes tangents and keeps no nodes.
    pub(crate) forward: bool,
}

/// The Wengert list of one tape: nodes in the order of the calls, and the slots they read and write.
pub(crate) struct Record {
    pub(crate) settings: Settings,
    slots: SlotMap,
    /// By slot.
    pub(crate) shapes: Vec<Shape>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) cuts: Vec<Cut>,
    /// Watched slots, each with the first sequence number of the tensors made after it was.
    watched: Vec<(Slot, u64)>,
    /// Of a forward accumulator: by slot.
    tangents: Vec<Tangent>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls on {} tensors", self.nodes.len(), self.slot_count())
    }
}

impl Record {
    pub(crate) fn new(settings: Settings) -> Self {
        Record {
            settings,
            slots: SlotMap::new(),
            shapes: Vec::new(),
            nodes: Vec::new(),
            cuts: Vec::new(),
            watched: Vec::new(),
            tangents: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn slot(&self, identity: Identity) -> Slot {
        self.slots.get(identity)
    }

    /// Whether the tensor was made after the tape was.
    pub(crate) fn is_younger(&self, identity: Identity) -> bool {
        self.slots.is_younger(identity)
    }

    /// The first sequence number of the tensors made after the slot was watched.
    pub(crate) fn watched_since(&self, slot: Slot) -> Option<u64> {
        self.watched.iter().find(|(watched, _)| *watched == slot).map(|(_, since)| *since)
    }

    pub(crate) fn slot_count(&self) -> usize {
        self.shapes.len()
    }

    fn new_slot(&mut self, shape: Shape) -> Slot {
        let slot = Slot::try_from(self.shapes.len())
            .ok()
            .filter(|slot| *slot != NONE)
            .expect("a tape holds at most 2^32 - 1 tensors");
        self.shapes.push(shape);
        slot
    }

    pub(crate) fn watch(&mut self, member: Member<'_>) -> Slot {
        match self.slot(member.identity) {
            NONE => {
                let slot = self.new_slot(member.seen.shared_shape());
                self.slots.set(member.identity, slot);
                self.watched.push((slot, Identity::upcoming()));
                slot
            }
            slot => slot,
        }
    }

    /// The slot of an input; a variable that is read for the first time gets one, if the tape watches variables.
    #[inline]
    pub(crate) fn slot_when_read(&mut self, member: Member<'_>) -> Slot {
        match self.slot(member.identity) {
            NONE if self.watches_by_itself(member.identity) => self.watch(member),
            slot => slot,
        }
    }

    #[inline]
    pub(crate) fn watches_by_itself(&self, identity: Identity) -> bool {
        self.settings.watch_variables && identity.is_variable()
    }

    /// Adds a call of which an input is watched. With `again`, what `grad` captured may be differentiated once more,
    /// so a computed output is known under the body's identity too.
    pub(crate) fn push(
        &mut self,
        inputs: &[Identity],
        outputs: &[Output<'_>],
        backward: &Rc<dyn Backward>,
        again: bool,
    ) {
        let mut slots: SmallVec<[Slot; 4]> = SmallVec::new();
        inputs.iter().for_each(|identity| slots.push(self.slot(*identity)));
        let inputs = slots;
        if inputs.iter().all(|slot| *slot == NONE) {
            return;
        }
        if outputs.iter().all(|output| !output.value.is_real()) {
            let inputs = inputs.into_iter().filter(|slot| *slot != NONE).collect();
            self.cuts.push(Cut { origin: backward.origin(), inputs, is_comparison: is_comparison(outputs) });
            return;
        }
        let mut first_output = NONE;
        for output in outputs {
            let slot = self.new_slot(output.value.shared_shape());
            first_output = first_output.min(slot);
            if output.value.is_real() {
                self.know(output, slot, again);
            }
        }
        let outputs = u32::try_from(outputs.len()).expect("a rule has few outputs");
        self.nodes.push(Node { backward: Some(Rc::clone(backward)), inputs, first_output, outputs });
    }

    /// Of a forward accumulator: the tangent of a tensor, if it has one.
    pub(crate) fn tangent(&self, identity: Identity) -> Option<&Tangent> {
        self.tangents.get(self.slot(identity) as usize)
    }

    /// Gives a forward accumulator a tensor to follow.
    pub(crate) fn follow(&mut self, primal: Member<'_>, tangent: Erased) {
        self.watch(primal);
        self.tangents.push(Ok(tangent));
    }

    /// Gives an output of a call its tangent, under the body's identity too if a derivative of what `grad` captured may
    /// be asked for.
    pub(crate) fn push_tangent(&mut self, output: &Output<'_>, tangent: Tangent, again: bool) {
        let slot = self.new_slot(output.value.shared_shape());
        self.tangents.push(tangent);
        self.know(output, slot, again);
    }

    /// Notes the slot of an output.
    fn know(&mut self, output: &Output<'_>, slot: Slot, again: bool) {
        self.slots.set(output.outside, slot);
        if again && output.inside.is_computed() {
            self.slots.set(output.inside, slot);
        }
    }

    /// The calls that let no gradient through.
    pub(crate) fn cut_places(&self) -> Vec<String> {
        places(self.cuts.iter().map(|cut| cut.origin))
    }

    /// Those of them that are no comparisons.
    pub(crate) fn stopping_cuts(&self) -> impl Iterator<Item = Origin> {
        self.cuts.iter().filter(|cut| !cut.is_comparison).map(|cut| cut.origin)
    }

    /// Remembers that a call lets no gradient of a tensor through, if this tape watches it.
    pub(crate) fn note_cut(&mut self, origin: Origin, input: Identity, is_comparison: bool) {
        match self.slot(input) {
            NONE => {}
            slot => self.cuts.push(Cut { origin, inputs: SmallVec::from_slice(&[slot]), is_comparison }),
        }
    }
}
