//! What one tape has recorded.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::bodies::Bodies;
use super::call_site::{CallSite, places};
use super::gradients::Gradients;
use super::list::WengertList;
use super::node::Backward;
use super::notes::Aids;
use super::slots::{NONE, Slot, SlotMap};
use super::tensor_ref::{Output, TensorRef, is_comparison};
use crate::element::Element;
use crate::shape::Shape;
use crate::tensor::Identity;
use crate::variable::Variable;

/// A call through which no gradient flows although an input is watched; kept to explain missing gradients.
pub(crate) struct Cut {
    pub(crate) site: CallSite,
    pub(crate) inputs: SmallVec<[Slot; 2]>,
    /// Whether it gave truth values: what is chosen by them alone has the derivative zero, where it has one.
    pub(crate) is_comparison: bool,
}

/// A variable that a tape watches.
#[derive(Clone)]
pub struct WatchedVariable {
    identity: Identity,
    name: Option<Arc<str>>,
    shape: Shape,
}

impl fmt::Debug for WatchedVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WatchedVariable({:?}, {:?})", self.name().unwrap_or_default(), self.shape())
    }
}

impl WatchedVariable {
    /// The name given with [`Variable::named`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Sizes of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether it is this variable.
    #[must_use]
    pub fn is<T: Element>(&self, variable: &Variable<T>) -> bool {
        self.identity == variable.identity()
    }
}

/// Whether and how a tape records.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings {
    pub(crate) persistent: bool,
    pub(crate) watch_variables: bool,
    pub(crate) aids: Aids,
}

/// The Wengert list of one tape: nodes in the order of the calls, and the slots they read and write.
pub(crate) struct Record {
    pub(crate) settings: Settings,
    slots: SlotMap,
    pub(crate) list: WengertList,
    pub(crate) cuts: Vec<Cut>,
    bodies: Bodies,
    /// When it did not record although it was there: the sequence numbers of the tensors made meanwhile.
    pub(crate) pauses: Vec<Range<u64>>,
    /// Watched slots, each with the first sequence number of the tensors made after it was.
    watched: Vec<(Slot, u64)>,
    /// In the order in which they were first read or watched.
    variables: Vec<WatchedVariable>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls on {} tensors", self.list.len(), self.slot_count())
    }
}

/// Takes the list from a record that needs it no more.
pub(crate) fn take_list(record: &mut Record) -> WengertList {
    std::mem::take(&mut record.list)
}

/// Copies the list from a record.
pub(crate) fn copy_list(record: &mut Record) -> WengertList {
    record.list.clone()
}

impl Record {
    pub(crate) fn new(settings: Settings) -> Self {
        Record {
            settings,
            slots: SlotMap::new(),
            list: WengertList::checking(settings.aids.check_numerics),
            cuts: Vec::new(),
            bodies: Bodies::default(),
            pauses: Vec::new(),
            watched: Vec::new(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn change_aids(&mut self, change: impl FnOnce(&mut Aids)) {
        change(&mut self.settings.aids);
        self.list.checks_numerics = self.settings.aids.check_numerics;
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
        self.list.shapes.len()
    }

    pub(crate) fn watch(&mut self, tensor_ref: TensorRef<'_>) -> Slot {
        match self.slot(tensor_ref.identity) {
            NONE => {
                let slot = self.list.new_slot(tensor_ref.seen.shared_shape());
                self.slots.set(tensor_ref.identity, slot);
                self.watched.push((slot, Identity::upcoming()));
                if tensor_ref.identity.is_variable() {
                    let (name, shape) = (tensor_ref.seen.name(), tensor_ref.seen.shared_shape());
                    self.variables.push(WatchedVariable { identity: tensor_ref.identity, name, shape });
                }
                slot
            }
            slot => slot,
        }
    }

    /// Notes that a body ends which ran while this tape was paused, and whose tensors begin at that place in the sequence. Its
    /// outputs got their identities last.
    pub(crate) fn note_body(&mut self, first_sequence: u64, outputs: &[Output<'_>], site: CallSite) {
        let outside = outputs.iter().map(|output| output.outside.sequence()).filter(|made| *made >= first_sequence);
        self.bodies.end(first_sequence..outside.min().unwrap_or_else(Identity::upcoming), site);
    }

    /// The call in whose body a tensor was made that this tape does not know, although it was there.
    pub(crate) fn unseen_body(&self, tensor: Identity) -> Option<CallSite> {
        self.bodies.that_made(tensor)
    }

    /// Whether there are such bodies.
    #[inline]
    pub(crate) fn has_unseen_bodies(&self) -> bool {
        !self.bodies.is_empty()
    }

    /// The slot of an input; a variable that is read for the first time gets one, if the tape watches variables.
    #[inline]
    pub(crate) fn slot_when_read(&mut self, tensor_ref: TensorRef<'_>) -> Slot {
        match self.slot(tensor_ref.identity) {
            NONE if self.watches_by_itself(tensor_ref.identity) => self.watch(tensor_ref),
            slot => slot,
        }
    }

    /// What is watched, in that order, with the names of variables that have one.
    pub(crate) fn leaves(&self) -> Vec<(Slot, Option<String>)> {
        let name_of = |slot| {
            let variable = self.variables.iter().find(|variable| self.slot(variable.identity) == slot)?;
            variable.name().map(str::to_owned)
        };
        self.watched.iter().map(|(slot, _)| (*slot, name_of(*slot))).collect()
    }

    /// The variables among what is watched, in the order in which they were made.
    pub(crate) fn watched_variables(&self) -> Vec<WatchedVariable> {
        let mut variables = self.variables.clone();
        variables.sort_by_key(|variable| variable.identity.sequence());
        variables
    }

    #[inline]
    pub(crate) fn watches_by_itself(&self, identity: Identity) -> bool {
        self.settings.watch_variables && identity.is_variable()
    }

    /// Adds a call of which an input is watched. The slots that stand with the inputs are those of this tape if it
    /// `is_single`. With
    /// `body_since`, what `grad` captured may be differentiated once more, so an output that the body has made itself, whose
    /// tensors begin at that place in the sequence, is known under the body's identity too. Whether it was added: a call whose outputs have no gradients is none of the list's.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "what is recorded of most calls is little more than a call")]
    pub(crate) fn push(
        &mut self,
        inputs: &[(Identity, Slot)],
        is_single: bool,
        outputs: &[Output<'_>],
        backward: &Rc<dyn Backward>,
        body_since: Option<u64>,
    ) -> bool {
        match outputs {
            // A backward function is made where a tape watches an input, so a single tape does.
            [output] if is_single && output.value.is_real() => {
                let slot = self.list.new_slot(output.value.shared_shape());
                self.know(output, slot, body_since);
                self.list.push(inputs.iter().map(|(_, slot)| *slot), Rc::clone(backward), slot, 1);
                true
            }
            _ => self.push_any(inputs, is_single, outputs, backward, body_since),
        }
    }

    /// As [`push`](Self::push), where it is not one output of a call that a single tape sees.
    #[inline(never)]
    fn push_any(
        &mut self,
        inputs: &[(Identity, Slot)],
        is_single: bool,
        outputs: &[Output<'_>],
        backward: &Rc<dyn Backward>,
        body_since: Option<u64>,
    ) -> bool {
        let slot_of = |(identity, slot): &(Identity, Slot)| if is_single { *slot } else { self.slots.get(*identity) };
        let slots: SmallVec<[Slot; 4]> = inputs.iter().map(slot_of).collect();
        if !outputs.iter().any(|output| output.value.is_real()) {
            let is_comparison = is_comparison(outputs);
            inputs.iter().for_each(|(input, _)| self.note_cut(backward.site(), *input, is_comparison));
            return false;
        }
        let watched = slots.iter().any(|slot| *slot != NONE);
        if watched {
            let first = Slot::try_from(self.slot_count()).unwrap_or(NONE);
            self.push_outputs(outputs, body_since);
            self.list.push(slots.into_iter(), Rc::clone(backward), first, outputs.len());
        }
        watched
    }

    fn push_outputs(&mut self, outputs: &[Output<'_>], body_since: Option<u64>) {
        for output in outputs {
            let slot = self.list.new_slot(output.value.shared_shape());
            if output.value.is_real() {
                self.know(output, slot, body_since);
            }
        }
    }

    /// Knows an output of a call that is followed and not recorded.
    pub(crate) fn add_output(&mut self, output: &Output<'_>, body_since: Option<u64>) {
        let slot = self.list.new_slot(output.value.shared_shape());
        self.know(output, slot, body_since);
    }

    /// Notes the slot of an output, under the body's identity too if a derivative of what `grad` captured may be asked for.
    #[inline]
    fn know(&mut self, output: &Output<'_>, slot: Slot, body_since: Option<u64>) {
        self.slots.set(output.outside, slot);
        if let Some(since) = body_since {
            self.know_inside(output.inside, slot, since);
        }
    }

    /// As [`know`](Self::know), where a derivative of what `grad` captured may be asked for.
    #[inline(never)]
    fn know_inside(&mut self, inside: Identity, slot: Slot, since: u64) {
        if inside.is_computed() || self.is_made_by_hand(inside, since) {
            self.slots.set(inside, slot);
        }
    }

    /// The calls that stop a gradient of which a pass over the list has found none: those that gave none, and those that let
    /// none through, but for comparisons.
    pub(crate) fn stops_after(&self, list: &WengertList, pass: &Gradients, source: Slot) -> Vec<CallSite> {
        let reached = list.dependents([source]);
        let is_reached = |slot: &Slot| reached.get(*slot as usize).copied().unwrap_or(false);
        let stops = pass.stops().iter().filter(|stop| is_reached(&stop.input)).map(|stop| stop.site);
        let cuts = self.cuts.iter().filter(|cut| !cut.is_comparison && cut.inputs.iter().any(is_reached));
        stops.chain(cuts.map(|cut| cut.site)).collect()
    }

    /// Whether a body that began at that place in the sequence has made a tensor, and no operation that the tape saw.
    fn is_made_by_hand(&self, tensor: Identity, since: u64) -> bool {
        tensor.is_made_here_since(since) && self.slot(tensor) == NONE
    }

    /// The calls that let no gradient through.
    pub(crate) fn cut_places(&self) -> Vec<String> {
        places(self.cuts.iter().map(|cut| cut.site))
    }

    /// Those of them that are no comparisons.
    pub(crate) fn stopping_cuts(&self) -> impl Iterator<Item = CallSite> {
        self.cuts.iter().filter(|cut| !cut.is_comparison).map(|cut| cut.site)
    }

    /// Remembers that somebody has read the numbers of a tensor, if this tape watches it. A loop may do so again and again.
    pub(crate) fn note_reading(&mut self, site: CallSite, tensor: Identity) {
        let is_last = |cut: &Cut| cut.site.called == site.called && cut.inputs[..] == [self.slot(tensor)];
        if !self.cuts.last().is_some_and(is_last) {
            self.note_cut(site, tensor, false);
        }
    }

    /// Remembers that a call lets no gradient of a tensor through, if this tape watches it.
    pub(crate) fn note_cut(&mut self, site: CallSite, input: Identity, is_comparison: bool) {
        match self.slot(input) {
            NONE => {}
            slot => self.cuts.push(Cut { site, inputs: SmallVec::from_slice(&[slot]), is_comparison }),
        }
    }
}
