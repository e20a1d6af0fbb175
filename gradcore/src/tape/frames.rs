//! The calls of rules whose bodies are running, innermost last.

use std::ops::Range;

use super::node::Rule;
use super::slots::Slot;
use crate::tensor::Identity;

/// A rule whose body is running. What it has several of stands in lists that all frames share, from a place on: frames
/// are made for every call, and what is large is slow to move.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) rule: &'static Rule,
    inputs: u32,
    known: u32,
    slots_before: u32,
    /// Whether a single tape saw the call, whose slots stand with the inputs.
    pub(super) is_single: bool,
    /// Whether the operations of the body are recorded, because a second derivative is possible.
    pub(super) again: bool,
    /// The tapes that saw the call: those with serial numbers from `.0` up to `.1`.
    pub(super) serials: (u64, u64),
    /// The first sequence number of the tensors that the body makes.
    pub(super) first_sequence: u64,
}

pub(super) struct Frames {
    calls: Vec<Frame>,
    inputs: Vec<(Identity, Slot)>,
    known: Vec<Identity>,
    slots_before: Vec<(u64, usize)>,
    captured: Vec<(usize, Identity, &'static str)>,
}

fn place(length: usize) -> u32 {
    u32::try_from(length).expect("rules nest less deep than 2^32")
}

impl Frames {
    pub(super) const fn new() -> Self {
        Frames {
            calls: Vec::new(),
            inputs: Vec::new(),
            known: Vec::new(),
            slots_before: Vec::new(),
            captured: Vec::new(),
        }
    }

    pub(super) fn depth(&self) -> u32 {
        place(self.calls.len())
    }

    pub(super) fn get(&self, depth: u32) -> Option<&Frame> {
        self.calls.get((depth as usize).checked_sub(1)?)
    }

    /// The innermost frame that fulfils a condition, and its depth.
    pub(super) fn innermost(&self, condition: impl Fn(&Frame) -> bool) -> Option<(u32, &Frame)> {
        let index = self.calls.iter().rposition(condition)?;
        Some((place(index + 1), &self.calls[index]))
    }

    /// Adds a frame whose inputs follow, then what it knows, and the slots.
    #[inline]
    pub(super) fn push(&mut self, rule: &'static Rule, serials: (u64, u64)) {
        self.calls.push(Frame {
            rule,
            inputs: place(self.inputs.len()),
            known: place(self.known.len()),
            slots_before: place(self.slots_before.len()),
            is_single: true,
            again: false,
            serials,
            first_sequence: Identity::upcoming(),
        });
    }

    /// Adds a tensor that the frame that was added last takes, and its slot on the only tape.
    #[inline]
    pub(super) fn push_input(&mut self, input: Identity, slot: Slot) {
        self.inputs.push((input, slot));
    }

    /// Adds a tensor that the last body may use besides its inputs.
    pub(super) fn push_known(&mut self, known: Identity) {
        self.known.push(known);
    }

    /// Notes that a tape records what the last body does, and how many slots it had before.
    pub(super) fn push_slots(&mut self, serial: u64, slots: usize) {
        self.slots_before.push((serial, slots));
        self.last().again = true;
    }

    /// Notes by which name a rule, as a closure, has captured a tensor.
    pub(super) fn push_captured(&mut self, depth: u32, tensor: Identity, name: &'static str) {
        self.captured.push((depth as usize, tensor, name));
    }

    pub(super) fn last(&mut self) -> &mut Frame {
        self.calls.last_mut().expect("a frame has been added")
    }

    /// The slots that stand with inputs hold no longer.
    pub(super) fn forget_slots(&mut self) {
        self.calls.iter_mut().for_each(|frame| frame.is_single = false);
    }

    /// Where what frame `depth` has of a shared list stands.
    fn part(&self, depth: u32, begin: impl Fn(&Frame) -> u32, length: usize) -> Range<usize> {
        let end = self.calls.get(depth as usize).map_or(length, |next| begin(next) as usize);
        begin(&self.calls[depth as usize - 1]) as usize..end
    }

    /// What a rule takes, each with its slot if a single tape saw the call.
    #[inline]
    pub(super) fn inputs_of(&self, depth: u32) -> &[(Identity, Slot)] {
        &self.inputs[self.part(depth, |frame| frame.inputs, self.inputs.len())]
    }

    /// Whether the body may use a tensor because it is an argument.
    pub(super) fn takes(&self, depth: u32, tensor: Identity) -> bool {
        self.inputs_of(depth).iter().any(|(input, _)| *input == tensor)
            || self.known[self.part(depth, |frame| frame.known, self.known.len())].contains(&tensor)
    }

    /// How many slots a tape had when the body began, if it records what that does.
    pub(super) fn slots_before(&self, depth: u32, serial: u64) -> Option<usize> {
        let part = self.part(depth, |frame| frame.slots_before, self.slots_before.len());
        self.slots_before[part].iter().find(|(tape, _)| *tape == serial).map(|(_, slots)| *slots)
    }

    /// The name by which a rule has captured a tensor.
    pub(super) fn captured_as(&self, depth: u32, tensor: Identity) -> Option<&'static str> {
        let mut captured = self.captured.iter();
        captured.find(|(place, identity, _)| *place == depth as usize && *identity == tensor).map(|(_, _, name)| *name)
    }

    /// Removes frame `depth` and those inside it.
    #[inline]
    pub(super) fn end(&mut self, depth: u32) {
        let Some(Frame { inputs, known, slots_before, .. }) = self.get(depth).copied() else { return };
        self.calls.truncate(depth as usize - 1);
        self.inputs.truncate(inputs as usize);
        self.known.truncate(known as usize);
        self.slots_before.truncate(slots_before as usize);
        if !self.captured.is_empty() {
            self.captured.retain(|(place, _, _)| *place < depth as usize);
        }
    }
}
