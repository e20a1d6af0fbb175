//! The Wengert list: calls in the order in which they were made, and the slots that they read and write.

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

/// Calls, and what stands in the slots. What belongs to a call stands at its place in several lists: a list of numbers
/// grows without moving what was just made.
#[derive(Clone, Default)]
pub(crate) struct WengertList {
    /// Each until a pass has run it.
    backwards: Vec<Option<Rc<dyn Backward>>>,
    /// Where the slots of a call's inputs end among those of all; they begin where those of the call before end.
    input_ends: Vec<u32>,
    /// The first slot of a call's outputs, and their count.
    outputs: Vec<(Slot, u32)>,
    /// For each input of each call a slot, [`NONE`] where the tape does not watch it.
    inputs: Vec<Slot>,
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
            (list.backwards, list.input_ends, list.outputs, list.inputs, list.shapes) = room;
        }
        list
    }

    #[inline]
    pub(crate) fn new_slot(&mut self, shape: Shape) -> Slot {
        let slot = index(self.shapes.len());
        self.shapes.push(shape);
        slot
    }

    /// Adds an input to the call that [`push`](Self::push) adds next, and says whether it is watched.
    #[inline]
    pub(crate) fn push_input(&mut self, slot: Slot) -> bool {
        self.inputs.push(slot);
        slot != NONE
    }

    /// Forgets the inputs added since the last call.
    pub(crate) fn drop_inputs(&mut self) {
        self.inputs.truncate(self.input_ends.last().map_or(0, |end| *end as usize));
    }

    /// Adds a call of the inputs that were added before, with `outputs` new slots of which the first is `first_output`.
    #[inline]
    pub(crate) fn push(&mut self, backward: Rc<dyn Backward>, first_output: Slot, outputs: usize) {
        self.backwards.push(Some(backward));
        self.input_ends.push(index(self.inputs.len()));
        self.outputs.push((first_output, index(outputs)));
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
        self.backwards.len()
    }

    /// Takes the backward function of the call at a place, if no pass has.
    #[inline]
    pub(crate) fn take_backward(&mut self, place: usize) -> Option<Rc<dyn Backward>> {
        self.backwards[place].take()
    }

    /// The backward function of the call at a place, if no pass has taken it.
    pub(crate) fn backward(&self, place: usize) -> Option<&Rc<dyn Backward>> {
        self.backwards[place].as_ref()
    }

    /// The slots of the inputs of the call at a place.
    #[inline]
    pub(crate) fn inputs_of(&self, place: usize) -> &[Slot] {
        let begin = place.checked_sub(1).map_or(0, |before| self.input_ends[before] as usize);
        &self.inputs[begin..self.input_ends[place] as usize]
    }

    /// The slots of the outputs of the call at a place.
    #[inline]
    pub(crate) fn outputs_of(&self, place: usize) -> Range<usize> {
        let (first, count) = self.outputs[place];
        first as usize..(first + count) as usize
    }

    /// The place of the first call that came after a tensor: its outputs have greater slots.
    pub(crate) fn first_after(&self, slot: Slot) -> usize {
        self.outputs.partition_point(|(first, _)| *first <= slot)
    }

    /// By slot: whether it is one of `roots` or computed from one.
    pub(crate) fn dependents(&self, roots: impl IntoIterator<Item = Slot>) -> Vec<bool> {
        let mut marked = vec![false; self.shapes.len()];
        roots.into_iter().for_each(|slot| marked[slot as usize] = true);
        for place in 0..self.len() {
            if self.inputs_of(place).iter().any(|slot| *slot != NONE && marked[*slot as usize]) {
                marked[self.outputs_of(place)].fill(true);
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
type Room = (Vec<Option<Rc<dyn Backward>>>, Vec<u32>, Vec<(Slot, u32)>, Vec<Slot>, Vec<Shape>);

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
        if (1..=MOST_CALLS).contains(&self.backwards.capacity()) && pool::limit() > 0 {
            self.leave_room();
        }
    }
}

impl WengertList {
    /// Leaves the vectors to the next list, unless one with more room has.
    fn leave_room(&mut self) {
        // What calls keep may run code of the user's when it is dropped, and that may make lists.
        self.backwards.clear();
        // A list of a thread-local may be dropped at the end of its thread, when there is nobody to leave room to.
        let _ = ROOM.try_with(|room| {
            let left = room.take().filter(|left| left.0.capacity() >= self.backwards.capacity());
            room.set(Some(left.unwrap_or_else(|| self.room())));
        });
    }

    /// Takes the vectors out, empty.
    fn room(&mut self) -> Room {
        fn emptied<T>(values: &mut Vec<T>) -> Vec<T> {
            values.clear();
            std::mem::take(values)
        }
        let WengertList { backwards, input_ends, outputs, inputs, shapes, .. } = self;
        (emptied(backwards), emptied(input_ends), emptied(outputs), emptied(inputs), emptied(shapes))
    }
}

#[inline]
fn index(count: usize) -> Slot {
    Slot::try_from(count).ok().filter(|slot| *slot != NONE).expect("a tape holds at most 2^32 - 1 tensors")
}
