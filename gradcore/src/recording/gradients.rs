//! The gradients of a pass, by slot.

use super::call_site::CallSite;
use super::slots::{NONE, Slot};
use crate::error::BadNumber;
use crate::tensor::Erased;

/// Gradients by slot, and what is wanted of each.
pub(crate) struct Gradients {
    pub(super) by_slot: Vec<Option<Erased>>,
    /// Slots that depend on a source: only their gradients are computed.
    pub(super) depends: Vec<bool>,
    /// Slots of sources: their gradients stay to the end.
    pub(super) is_source: Vec<bool>,
    pub(super) stops: Vec<Stop>,
    /// Of a pass that looks for numbers that are not finite: what goes into the running call and is not.
    pub(super) bad: Option<Vec<BadNumber>>,
    /// Adds a contribution to another.
    add: Add,
}

/// How contributions to one gradient are added up.
pub(crate) type Add = fn(&mut Erased, Erased);

/// An input for which a rule returned no gradient although one was needed.
pub(crate) struct Stop {
    pub(crate) site: CallSite,
    pub(crate) input: Slot,
}

impl Gradients {
    /// No gradients, for the slots of a list, of which some depend on sources.
    pub(super) fn none(depends: Vec<bool>, is_source: Vec<bool>, checks_numerics: bool, add: Add) -> Self {
        let by_slot = vec![None; depends.len()];
        Gradients { by_slot, depends, is_source, stops: Vec::new(), bad: checks_numerics.then(Vec::new), add }
    }

    /// Starts the pass at a target.
    pub(crate) fn start(&mut self, target: Slot, gradient: &Erased) {
        if target != NONE {
            self.add(target, gradient.clone().into_start());
        }
    }

    /// Adds a contribution: the first is moved in.
    #[inline]
    pub(super) fn add(&mut self, slot: Slot, gradient: Erased) {
        match &mut self.by_slot[slot as usize] {
            Some(sum) => (self.add)(sum, gradient),
            none => *none = Some(gradient),
        }
    }

    /// The gradient of a tensor as far as it has come, if it leads to a source.
    pub(super) fn needed(&mut self, slot: Slot) -> Option<&mut Erased> {
        let gradient = self.by_slot[slot as usize].as_mut();
        gradient.filter(|_| self.depends[slot as usize])
    }

    /// Ends the pass: the gradients of sources leave it as values.
    pub(crate) fn finish(&mut self) {
        let sources = self.by_slot.iter_mut().zip(&self.is_source).filter(|(_, is_source)| **is_source);
        sources.filter_map(|(gradient, _)| gradient.as_mut()).for_each(Erased::become_value);
    }

    /// The gradient of a source, at the end.
    pub(crate) fn get(&self, slot: Slot) -> Option<&Erased> {
        self.by_slot.get(slot as usize)?.as_ref()
    }

    pub(crate) fn stops(&self) -> &[Stop] {
        &self.stops
    }
}
