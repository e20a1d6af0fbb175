//! The calls of rules whose bodies are running, innermost last.

use std::ops::Range;

use super::call_site::Rule;
use super::slots::{NONE, Slot};
use super::tensor_ref::{FoundInput, TensorRef};
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
    pub(super) second_order: bool,
    /// Whether what the body reads of watched tensors becomes an input, for the inputs are not known before.
    pub(super) discovers: bool,
    /// The tapes that saw the call: those with serial numbers from `.0` up to `.1`.
    pub(super) serials: (u64, u64),
    /// The first sequence number of the tensors that the body makes.
    pub(super) first_sequence: u64,
}

impl Frame {
    /// Where the tensors that the body makes begin in the sequence, if a derivative of what `grad` captured may be asked for.
    #[inline]
    pub(super) fn body_since(&self) -> Option<u64> {
        self.second_order.then_some(self.first_sequence)
    }
}

pub(super) struct Frames {
    calls: Vec<Frame>,
    inputs: Vec<(Identity, Slot)>,
    known: Vec<Identity>,
    slots_before: Vec<(u64, usize)>,
    captured: Vec<(usize, Identity, &'static str)>,
    /// Inputs that bodies have discovered, each with the depth of its frame.
    found: Vec<(u32, FoundInput)>,
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
            found: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn depth(&self) -> u32 {
        place(self.calls.len())
    }

    pub(super) fn get(&self, depth: u32) -> Option<&Frame> {
        self.calls.get((depth as usize).checked_sub(1)?)
    }

    /// The innermost frame that fulfils a condition, and its depth.
    pub(super) fn innermost(&self, condition: impl Fn(u32, &Frame) -> bool) -> Option<(u32, &Frame)> {
        let depths = (1..=self.depth()).rev();
        depths.zip(self.calls.iter().rev()).find(|(depth, frame)| condition(*depth, frame))
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
            second_order: false,
            discovers: false,
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
        self.last().second_order = true;
    }

    /// Notes by which name a rule, as a closure, has captured a tensor.
    pub(super) fn push_captured(&mut self, depth: u32, tensor: Identity, name: &'static str) {
        self.captured.push((depth as usize, tensor, name));
    }

    pub(super) fn last(&mut self) -> &mut Frame {
        self.calls.last_mut().expect("a frame has been added")
    }

    /// The slots that stand with inputs hold no longer, and what the tape records from now on is made by the bodies.
    pub(super) fn forget_slots(&mut self, serial: u64) {
        self.calls.iter_mut().for_each(|frame| frame.is_single = false);
        self.slots_before.iter_mut().filter(|(tape, _)| *tape == serial).for_each(|(_, slots)| *slots = 0);
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
            || self.has_found(depth, tensor)
            || self.known[self.part(depth, |frame| frame.known, self.known.len())].contains(&tensor)
    }

    fn has_found(&self, depth: u32, tensor: Identity) -> bool {
        self.found.iter().any(|(place, found)| *place == depth && found.identity == tensor)
    }

    /// Makes a watched tensor that the body has read an input.
    pub(super) fn push_found(&mut self, depth: u32, read: TensorRef<'_>) {
        if !self.has_found(depth, read.identity) {
            self.found.push((depth, FoundInput::of(read)));
        }
    }

    /// Ends the frame of a body whose inputs are discovered, and those inside it; what it has found is no longer here.
    pub(super) fn take_found(&mut self, depth: u32) -> Option<(Frame, Vec<FoundInput>)> {
        let frame = *self.get(depth)?;
        let found = self.found.extract_if(.., |(place, _)| *place >= depth);
        let found = found.filter(|(place, _)| *place == depth).map(|(_, found)| found).collect();
        self.end(depth);
        Some((frame, found))
    }

    /// Adds a frame again, now with inputs.
    pub(super) fn put_back(&mut self, frame: Frame, inputs: impl Iterator<Item = Identity>) {
        self.push(frame.rule, frame.serials);
        inputs.for_each(|input| self.push_input(input, NONE));
        *self.last() = Frame { is_single: false, first_sequence: frame.first_sequence, ..*self.last() };
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
        if !self.found.is_empty() {
            self.found.retain(|(place, _)| *place < depth);
        }
    }
}
