//! The Wengert list: calls in the order in which they were made, and the slots that they read and write.

#![allow(clippy::inline_always, reason = "each call of a rule adds to a list, and a call costs as much as that")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::hooks::Hooks;
use super::node::Backward;
use super::notes::Notes;
use super::slots::{NONE, Slot};
use crate::pool;
use crate::shape::Shape;

/// A call: its backward function until a pass has run it, and where its slots are.
#[derive(Clone)]
struct Call {
    backward: Option<Rc<dyn Backward>>,
    /// Where the slots of its inputs begin among those of all calls, and where they end.
    inputs: (u32, u32),
    /// The first slot of its outputs, and the one after the last.
    outputs: (Slot, Slot),
}

impl Call {
    #[inline]
    fn inputs(&self) -> Range<usize> {
        self.inputs.0 as usize..self.inputs.1 as usize
    }

    #[inline]
    fn outputs(&self) -> Range<usize> {
        self.outputs.0 as usize..self.outputs.1 as usize
    }
}

/// A call that a pass runs: its backward function, the slots of its inputs among those of all calls, those of its outputs.
pub(super) struct Taken {
    pub(super) backward: Rc<dyn Backward>,
    pub(super) inputs: Range<usize>,
    pub(super) outputs: Range<usize>,
}

/// Calls, and what stands in the slots.
#[derive(Clone, Default)]
pub(crate) struct WengertList {
    calls: Vec<Call>,
    /// For each input of each call a slot, [`NONE`] where the tape does not watch it.
    pub(super) inputs: Vec<Slot>,
    /// By slot.
    pub(crate) shapes: Vec<Shape>,
    /// Whether a pass looks for numbers that are not finite.
    pub(crate) checks_numerics: bool,
    pub(crate) hooks: Hooks,
    /// By place, of the calls that the tape was asked to take notes of.
    notes: BTreeMap<usize, Rc<Notes>>,
}

impl WengertList {
    /// An empty list, whose passes look for numbers that are not finite if `checks_numerics`.
    pub(crate) fn checking(checks_numerics: bool) -> Self {
        let mut list = WengertList::default();
        list.checks_numerics = checks_numerics;
        if let Some(room) = ROOM.take() {
            (list.calls, list.inputs, list.shapes) = room;
        }
        list
    }

    #[inline(always)]
    pub(crate) fn new_slot(&mut self, shape: Shape) -> Slot {
        let slot = index(self.shapes.len());
        self.shapes.push(shape);
        slot
    }

    /// Adds a call of these inputs, with `outputs` new slots of which the first is `first_output`.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        inputs: impl Iterator<Item = Slot>,
        backward: Rc<dyn Backward>,
        first_output: Slot,
        outputs: usize,
    ) {
        let begin = index(self.inputs.len());
        // One by one: they are few, and `extend` makes ready for many.
        inputs.for_each(|slot| self.inputs.push(slot));
        let inputs = (begin, index(self.inputs.len()));
        let outputs = (first_output, index(first_output as usize + outputs));
        self.calls.push(Call { backward: Some(backward), inputs, outputs });
    }

    /// Adds notes to the last call.
    pub(crate) fn note_last(&mut self, notes: &Rc<Notes>) {
        self.notes.extend(self.len().checked_sub(1).map(|place| (place, Rc::clone(notes))));
    }

    /// What was noted of the call at a place.
    pub(crate) fn notes(&self, place: usize) -> Option<&Notes> {
        self.notes.get(&place).map(|notes| &**notes)
    }

    /// Number of calls.
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Takes the backward function of the call at a place, if no pass has.
    #[inline]
    pub(super) fn take(&mut self, place: usize) -> Option<Taken> {
        let call = &mut self.calls[place];
        let (inputs, outputs) = (call.inputs(), call.outputs());
        call.backward.take().map(|backward| Taken { backward, inputs, outputs })
    }

    /// The backward function of the call at a place, if no pass has taken it.
    pub(crate) fn backward(&self, place: usize) -> Option<&Rc<dyn Backward>> {
        self.calls[place].backward.as_ref()
    }

    /// The slots of the inputs of the call at a place.
    #[inline]
    pub(crate) fn inputs_of(&self, place: usize) -> &[Slot] {
        &self.inputs[self.calls[place].inputs()]
    }

    /// The slots of the outputs of the call at a place.
    #[inline]
    pub(crate) fn outputs_of(&self, place: usize) -> Range<usize> {
        self.calls[place].outputs()
    }

    /// The place of the first call that came after a tensor: its outputs have greater slots.
    pub(crate) fn first_after(&self, slot: Slot) -> usize {
        self.calls.partition_point(|call| call.outputs.0 <= slot)
    }

    /// By slot: whether it is one of `roots` or computed from one.
    pub(crate) fn dependents(&self, roots: impl IntoIterator<Item = Slot>) -> Vec<bool> {
        let mut marked = vec![false; self.shapes.len()];
        roots.into_iter().for_each(|slot| marked[slot as usize] = true);
        for call in &self.calls {
            if self.inputs[call.inputs()].iter().any(|slot| *slot != NONE && marked[*slot as usize]) {
                // Filled as a slice, each would be a call of the C library.
                call.outputs().for_each(|slot| marked[slot] = true);
            }
        }
        marked
    }

    /// By slot: whether it is `marked`, or a marked slot is computed from it.
    pub(crate) fn leading_to(&self, mut marked: Vec<bool>) -> Vec<bool> {
        for place in (0..self.len()).rev() {
            if self.outputs_of(place).any(|slot| marked[slot]) {
                let inputs = self.inputs_of(place).iter().filter(|slot| **slot != NONE);
                inputs.for_each(|slot| marked[*slot as usize] = true);
            }
        }
        marked
    }
}

/// The vectors of a list, without what stood in them.
type Room = (Vec<Call>, Vec<Slot>, Vec<Shape>);

/// Room for more calls than this is given back, about 5 MB.
const MOST_CALLS: usize = 1 << 16;

thread_local! {
    /// Room that a list of this thread has left for the next one: a step of training records about as much as the one
    /// before, and neither moves what it has recorded nor asks the system for pages.
    static ROOM: Cell<Option<Room>> = const { Cell::new(None) };
}

impl Drop for WengertList {
    #[inline]
    fn drop(&mut self) {
        if (1..=MOST_CALLS).contains(&self.calls.capacity()) && pool::limit() > 0 {
            self.leave_room();
        }
    }
}

impl WengertList {
    /// Leaves the vectors to the next list, unless one with more room has.
    fn leave_room(&mut self) {
        // What calls keep may run code of the user's when it is dropped, and that may make lists.
        self.calls.clear();
        // A list of a thread-local may be dropped at the end of its thread, when there is nobody to leave room to.
        let _ = ROOM.try_with(|room| {
            let left = room.take().filter(|left| left.0.capacity() >= self.calls.capacity());
            room.set(Some(left.unwrap_or_else(|| self.room())));
        });
    }

    /// Takes the vectors out, empty.
    fn room(&mut self) -> Room {
        fn emptied<T>(values: &mut Vec<T>) -> Vec<T> {
            values.clear();
            std::mem::take(values)
        }
        let WengertList { calls, inputs, shapes, .. } = self;
        (emptied(calls), emptied(inputs), emptied(shapes))
    }
}

#[inline]
fn index(count: usize) -> Slot {
    Slot::try_from(count).ok().filter(|slot| *slot != NONE).expect("a tape holds at most 2^32 - 1 tensors")
}
