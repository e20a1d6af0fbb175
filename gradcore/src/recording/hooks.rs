//! Functions that see a gradient on its way back, by slot.

use std::rc::Rc;

use super::node::Outcome;
use super::slots::Slot;
use crate::tensor::Erased;

/// The hooks of a tape, by slot; those of one slot in the order in which they were registered.
#[derive(Clone, Default)]
pub(crate) struct Hooks(pub(super) Vec<(Slot, Rc<dyn Hook>)>);

impl Hooks {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, slot: Slot, hook: Rc<dyn Hook>) {
        let place = self.0.partition_point(|(other, _)| *other <= slot);
        self.0.insert(place, (slot, hook));
    }
}

/// A function that sees a gradient on its way.
pub(crate) trait Hook {
    /// Shows it a gradient, and takes the one that goes further.
    fn run(&self, gradient: &mut Erased) -> Outcome;
}
