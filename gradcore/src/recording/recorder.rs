//! The tapes of a thread, and the calls of rules that are under way on it.

pub(crate) mod aside;
pub(crate) mod discovery;
pub(crate) mod pause;
pub(crate) mod probing;
pub(crate) mod reading;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Once;

use super::call_site::Rule;
use super::follower::{Follower, Followers};
use super::frames::{Frame, Frames};
use super::lost::{is_lost, left_by_a_side_door, lose, lost_gradient};
use super::node::Backward;
use super::notebook::Notebook;
use super::notes::{Aids, NotedValue, Notes};
use super::positions::LAST_BIT;
use super::record::{Record, Settings};
use super::slots::{NONE, Slot};
use super::tensor_ref::{Output, TensorRef};
use crate::tensor::Identity;
use crate::threads;

thread_local! {
    /// Number of tapes that record on this thread; zero is the fast way out of everything here.
    static TAPES: Cell<usize> = const { Cell::new(0) };
    /// The first inputs of the call that began last: what `grad` captures is most often one of them, and is let pass
    /// without a look at the recorder. They have been looked up for the body that runs now; whatever changes which body
    /// that is, or what is looked at, forgets them.
    static LATEST: Cell<[Identity; 2]> = const { Cell::new([Identity::NOBODY; 2]) };
    /// What the tapes of this thread ask to be noted of the calls that they record. It stands apart from what a call is
    /// told when it begins: that is copied often, and slow to copy when it was written in pieces.
    static ASKED: Cell<Aids> = const { Cell::new(Aids::NONE) };
    /// Whether the body of a leaf runs, in which no call may begin: in debug builds it is looked at.
    static IN_A_LEAF: Cell<bool> = const { Cell::new(false) };
    static RECORDER: RefCell<Recorder> = const { RefCell::new(Recorder::from(0)) };
}

struct Recorder {
    /// In the order in which they began.
    tapes: Vec<ActiveTape>,
    /// Bodies of rules that are running, innermost last.
    frames: Frames,
    next_serial: u64,
    /// Tapes with a smaller serial number are paused: a body is running whose operations they need not see.
    barrier: u64,
    /// Bodies so many frames deep do not own what runs: see [`pause::Outside`].
    hidden: u32,
    /// Whether a tape has missed a call that is under way.
    some_missed: bool,
    notebook: Notebook,
    leaf: Leaf,
    /// What bodies have passed through `stop_gradient`, while there are tapes.
    constants: Vec<Identity>,
}

/// The call of a rule whose body calls no other: it has no frame, because nothing happens in it that a tape could see.
struct Leaf {
    inputs: Vec<(Identity, Slot)>,
    /// As that of a [`Frame`].
    is_single: bool,
    /// As [`Frame::body_since`].
    body_since: Option<u64>,
}

impl Leaf {
    /// Takes the inputs with their slots on a tape. Gives those that it watches: bit `k` for the `k`th.
    #[inline]
    fn take(&mut self, record: &mut Record, inputs: &[TensorRef<'_>]) -> u64 {
        self.inputs.clear();
        let mut watched = 0;
        for (k, input) in inputs.iter().enumerate() {
            let slot = record.slot_when_read(*input);
            self.inputs.push((input.identity, slot));
            watched |= u64::from(slot != NONE) << k.min(LAST_BIT as usize);
        }
        watched
    }
}

/// The body of a leaf makes what it computes, and nothing else.
const NOTHING_ELSE: u64 = u64::MAX;

/// In place of the depth of a call that is a [`Leaf`].
const LEAF: u32 = u32::MAX;

struct ActiveTape {
    serial: u64,
    record: Rc<RefCell<Record>>,
    /// Of a forward accumulator, which keeps no list.
    follower: Option<Rc<dyn Follower>>,
    /// How many have asked it not to record for now.
    paused: u32,
    /// The depths of calls under way that began while it was paused.
    missed: Range<u32>,
}

impl ActiveTape {
    /// Whether it records what is called now, given the barrier.
    fn records(&self, barrier: u64) -> bool {
        self.serial >= barrier && self.paused == 0
    }

    /// The inputs that it watches, reading them: bit `k` for the `k`th.
    fn watched_when_read(&self, inputs: &[TensorRef<'_>]) -> u64 {
        let mut record = self.record.borrow_mut();
        let bit = |(k, input): (usize, &TensorRef<'_>)| {
            u64::from(record.slot_when_read(*input) != NONE) << k.min(LAST_BIT as usize)
        };
        inputs.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
    }

    /// Whether it saw a call, and records.
    fn saw(&self, depth: u32, frame: &Frame) -> bool {
        (frame.serials.0..frame.serials.1).contains(&self.serial) && self.paused == 0 && !self.missed.contains(&depth)
    }
}

/// What a rule is told when its body begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Begun {
    /// The inputs that a tape watches: bit `k` for the `k`th.
    pub(crate) watched: u64,
    /// Number of frames with this call's; zero if the call has none.
    pub(crate) depth: u32,
}

/// A task that runs while this one waits has no tapes. What it leaves recording, because it keeps a tape of its own in a
/// thread-local, goes on with those of this one.
fn set_aside() -> Box<dyn FnOnce()> {
    let next = RECORDER.with_borrow(|recorder| recorder.next_serial);
    let own = RECORDER.replace(Recorder::from(next));
    let (tapes, latest, asked) = (TAPES.take(), LATEST.replace([Identity::NOBODY; 2]), ASKED.replace(Aids::NONE));
    Box::new(move || {
        RECORDER.with_borrow_mut(|recorder| {
            let other = std::mem::replace(recorder, own);
            recorder.next_serial = other.next_serial;
            recorder.tapes.extend(other.tapes);
        });
        TAPES.set(tapes + TAPES.get());
        LATEST.set(latest);
        ASKED.set(asked.and(ASKED.get()));
    })
}

/// Starts a tape on this thread.
pub(crate) fn start(
    settings: Settings,
    follower: impl FnOnce(&Rc<RefCell<Record>>) -> Option<Rc<dyn Follower>>,
) -> (u64, Rc<RefCell<Record>>) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| threads::set_aside_while_waiting(set_aside));
    let record = Rc::new(RefCell::new(Record::new(settings)));
    let follower = follower(&record);
    let serial = RECORDER.with_borrow_mut(|recorder| {
        let serial = recorder.next_serial;
        recorder.next_serial += 1;
        recorder.tapes.push(ActiveTape { serial, record: Rc::clone(&record), follower, paused: 0, missed: 0..0 });
        serial
    });
    TAPES.set(TAPES.get() + 1);
    (serial, record)
}

/// Stops a tape, in whatever order; does nothing for one that has stopped.
pub(crate) fn stop(serial: u64) {
    // A tape kept in a thread-local may outlive the recorder, at the end of the thread.
    let _ = RECORDER.try_with(|recorder| {
        let mut recorder = recorder.borrow_mut();
        let tapes = &mut recorder.tapes;
        if let Some(index) = tapes.iter().position(|tape| tape.serial == serial) {
            tapes.remove(index);
            if tapes.is_empty() {
                recorder.constants.clear();
            }
            TAPES.set(TAPES.get() - 1);
            recorder.ask_for_notes();
        }
    });
}

/// What is used from now on is looked up, also if the last call has used it.
#[inline]
fn forget_latest() {
    LATEST.set([Identity::NOBODY; 2]);
}

/// What a call takes need not be looked up when its body uses it.
#[inline]
fn remember_latest(inputs: &[TensorRef<'_>]) {
    let input = |place: usize| inputs.get(place).map_or(Identity::NOBODY, |input| input.identity);
    LATEST.set([input(0), input(1)]);
}

/// Whether no tape exists on this thread.
#[inline]
pub(crate) fn is_idle() -> bool {
    TAPES.get() == 0
}

/// Whether an operation called now would be recorded.
#[inline]
pub(crate) fn is_recording() -> bool {
    !is_idle() && RECORDER.with_borrow(|recorder| recorder.tapes.iter().any(|tape| tape.records(recorder.barrier)))
}

/// Forgets the slots of the calls under way, because this tape is about to number its slots anew.
pub(crate) fn forget_slots(serial: u64) {
    forget_latest();
    RECORDER.with_borrow_mut(|recorder| recorder.frames.forget_slots(serial));
}

/// Begins a call: finds out which inputs are watched, and pauses the tapes while the body runs unless a second
/// derivative is possible. The body may use `known` besides the inputs.
///
/// # Panics
/// Panics if the call stands in the body of another rule and an input is watched without being an input of that rule.
#[track_caller]
#[inline(never)]
pub(crate) fn begin(rule: &'static Rule, inputs: &[TensorRef<'_>], known: &[TensorRef<'_>]) -> Begun {
    debug_assert!(!IN_A_LEAF.get(), "{rule} is called in the body of a leaf");
    let begun = RECORDER.with_borrow_mut(|recorder| recorder.begin(rule, inputs, known));
    remember_latest(inputs);
    match begun {
        Ok(begun) if ASKED.get().check_numerics => look_at(begun, inputs, known),
        Ok(begun) => begun,
        Err(lost) => lose(&lost),
    }
}

/// As [`begin`], of a rule whose body calls no other.
#[track_caller]
#[inline(never)]
pub(crate) fn begin_leaf(rule: &'static Rule, inputs: &[TensorRef<'_>]) -> Begun {
    if ASKED.get().is_any() {
        return begin(rule, inputs, &[]);
    }
    debug_assert!(!IN_A_LEAF.replace(true), "{rule} is called in the body of a leaf");
    remember_latest(inputs);
    if let Some(watched) = RECORDER.with_borrow_mut(|recorder| recorder.begin_outer_leaf(inputs)) {
        return Begun { watched, depth: LEAF };
    }
    let begun = RECORDER.with_borrow_mut(|recorder| recorder.begin_leaf(rule, inputs));
    let begun = begun.unwrap_or_else(|lost| {
        IN_A_LEAF.set(false);
        lose(&lost)
    });
    // Where no tape records, nobody tells when the body ends.
    debug_assert!(begun.depth == LEAF || IN_A_LEAF.replace(false));
    begun
}

/// Takes the notes that tapes ask for from now on.
pub(crate) fn ask_for_notes() {
    RECORDER.with_borrow_mut(Recorder::ask_for_notes);
}

/// Notes which arguments of a call that has begun are not finite.
#[cold]
fn look_at(begun: Begun, inputs: &[TensorRef<'_>], known: &[TensorRef<'_>]) -> Begun {
    RECORDER.with_borrow_mut(|recorder| recorder.notebook.look_at(begun.depth, inputs, known));
    begun
}

/// The notes on a call that ends.
#[cold]
fn notes_on(begun: Begun, outputs: &[Output<'_>], backward: Option<&dyn Backward>) -> Option<Rc<Notes>> {
    RECORDER.with_borrow_mut(|recorder| recorder.notebook.take(ASKED.get(), begun.depth, outputs, backward))
}

/// Whether a tape notes what is kept.
#[inline]
pub(crate) fn notes_saved() -> bool {
    ASKED.get().note_saved
}

/// Notes what the backward function of a call keeps.
#[cold]
pub(crate) fn note_residuals(begun: Begun, residuals: impl IntoIterator<Item = NotedValue>) {
    RECORDER.with_borrow_mut(|recorder| recorder.notebook.keep(begun.depth, residuals));
}

/// Ends a call without recording it: the body panicked or returned an error.
pub(crate) fn abandon(depth: u32) {
    if depth == LEAF {
        IN_A_LEAF.set(false);
        return forget_latest();
    }
    let _ = RECORDER.try_with(|recorder| {
        let mut recorder = recorder.borrow_mut();
        recorder.end_frame(depth);
        recorder.notebook.forget(depth);
    });
}

/// Ends a call and records it on every tape that watches an input.
#[inline]
pub(crate) fn finish(begun: Begun, outputs: &[Output<'_>], backward: impl FnOnce() -> Rc<dyn Backward>) {
    finish_with(begun, outputs, (begun.watched != 0).then(backward));
}

/// As [`finish`], with the backward function if an input is watched.
#[inline]
pub(crate) fn finish_with(begun: Begun, outputs: &[Output<'_>], backward: Option<Rc<dyn Backward>>) {
    match begun.depth {
        LEAF => finish_leaf(outputs, backward),
        _ => finish_frame(begun, outputs, backward),
    }
}

/// As [`finish_with`], of a leaf, of which nothing is noted.
#[inline]
fn finish_leaf(outputs: &[Output<'_>], backward: Option<Rc<dyn Backward>>) {
    debug_assert!(IN_A_LEAF.replace(false));
    forget_latest();
    let Some(backward) = backward else { return };
    if let Some(followers) = RECORDER.with_borrow_mut(|recorder| recorder.finish_leaf(outputs, &backward)) {
        followers.tell(outputs, &backward);
    }
}

/// As [`finish_with`], of a call that has a frame.
fn finish_frame(begun: Begun, outputs: &[Output<'_>], backward: Option<Rc<dyn Backward>>) {
    // Both are made before and dropped after the recorder is borrowed: what they keep may run code of the user's.
    let notes = if ASKED.get().is_any() { notes_on(begun, outputs, backward.as_deref()) } else { None };
    let followers =
        RECORDER.with_borrow_mut(|recorder| recorder.finish(begun.depth, outputs, backward.as_ref(), notes.as_ref()));
    if let (Some(followers), Some(backward)) = (followers, &backward) {
        followers.tell(outputs, backward);
    }
}

/// Checks a tensor that `grad` captures, or that is returned: if a tape watches it, it must be an input of the rule.
///
/// # Panics
/// Panics if it is none.
#[track_caller]
#[inline]
pub(crate) fn expect_input(used: TensorRef<'_>, expression: Option<&'static str>) {
    if !LATEST.get().contains(&used.identity) {
        look_for_input(used, expression);
    }
}

#[track_caller]
fn look_for_input(used: TensorRef<'_>, expression: Option<&'static str>) {
    if let Err(lost) = RECORDER.with_borrow_mut(|recorder| recorder.expect_known(used, expression)) {
        lose(&lost);
    }
}

impl Recorder {
    /// No tapes and no calls; the first tape gets this serial number.
    const fn from(next_serial: u64) -> Self {
        Recorder {
            tapes: Vec::new(),
            frames: Frames::new(),
            next_serial,
            barrier: 0,
            hidden: 0,
            some_missed: false,
            notebook: Notebook::new(),
            constants: Vec::new(),
            leaf: Leaf { inputs: Vec::new(), is_single: true, body_since: None },
        }
    }

    fn each_of(&mut self, serials: &Range<u64>, change: impl FnMut(&mut ActiveTape)) {
        self.tapes.iter_mut().filter(|tape| serials.contains(&tape.serial)).for_each(change);
    }

    fn ask_for_notes(&mut self) {
        let aids = self.tapes.iter().map(|tape| tape.record.borrow().settings.aids);
        ASKED.set(aids.fold(Aids::NONE, Aids::and));
    }

    fn begin(
        &mut self,
        rule: &'static Rule,
        inputs: &[TensorRef<'_>],
        known: &[TensorRef<'_>],
    ) -> Result<Begun, String> {
        self.expect_all_known(inputs)?;
        self.expect_all_seen(rule, inputs)?;
        let Recorder { tapes, frames, next_serial, barrier, .. } = self;
        let mut active = tapes.iter().filter(|tape| tape.records(*barrier));
        let Some(first) = active.next() else { return Ok(Begun::default()) };
        frames.push(rule, (*barrier, *next_serial));
        let mut record = first.record.borrow_mut();
        let mut watched = 0;
        for (k, input) in inputs.iter().enumerate() {
            let slot = record.slot_when_read(*input);
            frames.push_input(input.identity, slot);
            watched |= u64::from(slot != NONE) << k.min(LAST_BIT as usize);
        }
        if !known.is_empty() {
            known.iter().for_each(|known| frames.push_known(known.identity));
        }
        let second_order = record.settings.persistent;
        drop(record);
        let others = active.clone().next().is_some();
        if others {
            frames.last().is_single = false;
            active.for_each(|tape| watched |= tape.watched_when_read(inputs));
        }
        if second_order || others {
            let active = tapes.iter().filter(|tape| tape.records(*barrier));
            active.for_each(|tape| frames.push_slots(tape.serial, tape.record.borrow().slot_count()));
        } else {
            *barrier = *next_serial;
        }
        Ok(Begun { watched, depth: frames.depth() })
    }

    /// Begins a leaf that stands in no body and that one tape sees, the only one: its watched inputs, if it is such a leaf.
    fn begin_outer_leaf(&mut self, inputs: &[TensorRef<'_>]) -> Option<u64> {
        let [tape] = &self.tapes[..] else { return None };
        if !self.frames.is_empty() || !tape.records(self.barrier) {
            return None;
        }
        let mut record = tape.record.borrow_mut();
        (self.leaf.is_single, self.leaf.body_since) = (true, record.settings.persistent.then_some(NOTHING_ELSE));
        let watched = self.leaf.take(&mut record, inputs);
        let may_be_unseen = record.has_unseen_bodies() && self.leaf.inputs.iter().any(|(_, slot)| *slot == NONE);
        (!may_be_unseen).then_some(watched)
    }

    /// Begins any other leaf.
    fn begin_leaf(&mut self, rule: &'static Rule, inputs: &[TensorRef<'_>]) -> Result<Begun, String> {
        self.expect_all_known(inputs)?;
        self.expect_all_seen(rule, inputs)?;
        let Recorder { tapes, barrier, leaf, .. } = self;
        let mut active = tapes.iter().filter(|tape| tape.records(*barrier));
        let Some(first) = active.next() else { return Ok(Begun::default()) };
        let mut record = first.record.borrow_mut();
        let mut watched = leaf.take(&mut record, inputs);
        let others = active.clone().next().is_some();
        let body_since = (record.settings.persistent || others).then_some(NOTHING_ELSE);
        (leaf.is_single, leaf.body_since) = (!others, body_since);
        active.for_each(|tape| watched |= tape.watched_when_read(inputs));
        Ok(Begun { watched, depth: LEAF })
    }

    /// As [`finish`](Self::finish), of a leaf.
    fn finish_leaf(&mut self, outputs: &[Output<'_>], backward: &Rc<dyn Backward>) -> Option<Box<Followers>> {
        let Recorder { tapes, barrier, leaf, .. } = self;
        let mut followers = None;
        for tape in tapes.iter().filter(|tape| tape.records(*barrier)) {
            match &tape.follower {
                Some(follower) => {
                    Followers::add(&mut followers, &leaf.inputs, leaf.body_since, tape.serial, follower);
                }
                None => {
                    let mut record = tape.record.borrow_mut();
                    record.push(&leaf.inputs, leaf.is_single, outputs, backward, leaf.body_since);
                }
            }
        }
        followers
    }

    /// Records a call on every tape that watches an input. Forward accumulators keep no list: they are returned, to be told of
    /// the call when the recorder is free again.
    fn finish(
        &mut self,
        depth: u32,
        outputs: &[Output<'_>],
        backward: Option<&Rc<dyn Backward>>,
        notes: Option<&Rc<Notes>>,
    ) -> Option<Box<Followers>> {
        let frame = self.frames.get(depth)?;
        let inputs = self.frames.inputs_of(depth);
        let mut followers = None;
        if let Some(backward) = backward {
            for tape in self.tapes.iter().filter(|tape| tape.saw(depth, frame)) {
                if frame.body_since().is_none() {
                    tape.record.borrow_mut().note_body(frame.first_sequence, outputs, backward.site());
                }
                match &tape.follower {
                    Some(follower) => Followers::add(&mut followers, inputs, frame.body_since(), tape.serial, follower),
                    None => {
                        let mut record = tape.record.borrow_mut();
                        let is_recorded = record.push(inputs, frame.is_single, outputs, backward, frame.body_since());
                        if let Some(notes) = notes.filter(|_| is_recorded) {
                            record.list.note_last(notes);
                        }
                    }
                }
            }
        }
        self.end_frame(depth);
        followers
    }

    fn end_frame(&mut self, depth: u32) {
        if let Some(frame) = self.frames.get(depth) {
            forget_latest();
            self.barrier = frame.serials.0;
            self.frames.end(depth);
            if self.some_missed {
                self.forget_missed(depth);
            }
        }
    }

    /// Calls from this depth on have ended.
    #[cold]
    fn forget_missed(&mut self, depth: u32) {
        self.tapes.iter_mut().for_each(|tape| tape.missed.end = tape.missed.end.min(depth));
        self.some_missed = self.tapes.iter().any(|tape| !tape.missed.is_empty());
    }

    /// Checks the inputs of a call that stands in the body of a rule.
    #[inline]
    fn expect_all_known(&mut self, inputs: &[TensorRef<'_>]) -> Result<(), String> {
        match self.frames.is_empty() {
            true => Ok(()),
            false => inputs.iter().try_for_each(|input| self.expect_known(*input, None)),
        }
    }

    /// Checks that no input was made in a body that a tape has not seen, unless the rule lets no gradient through anyway.
    #[inline]
    fn expect_all_seen(&self, rule: &Rule, inputs: &[TensorRef<'_>]) -> Result<(), String> {
        if rule.stops.count_ones() as usize >= inputs.len() {
            return Ok(());
        }
        let mut active = self.tapes.iter().filter(|tape| tape.records(self.barrier));
        match active.any(|tape| tape.record.borrow().has_unseen_bodies()) {
            true => inputs.iter().try_for_each(|input| self.expect_seen(*input)),
            false => Ok(()),
        }
    }

    #[cold]
    fn expect_seen(&self, used: TensorRef<'_>) -> Result<(), String> {
        for tape in self.tapes.iter().filter(|tape| tape.records(self.barrier)) {
            let record = tape.record.borrow();
            if record.slot(used.identity) != NONE || self.constants.contains(&used.identity) {
                continue;
            }
            let is_real = || used.seen.handle().is_none_or(|handle| handle.as_untyped().is_real());
            if let Some(made_in) = record.unseen_body(used.identity).filter(|_| is_real()) {
                return Err(left_by_a_side_door(made_in, used));
            }
        }
        Ok(())
    }

    /// A body may use its inputs, what it makes from them, what is `#[nondiff]`, and what no tape watches.
    #[inline]
    fn expect_known(&mut self, used: TensorRef<'_>, expression: Option<&str>) -> Result<(), String> {
        for tape in &self.tapes {
            let Some((depth, frame)) = self.frames.innermost(|depth, frame| tape.saw(depth, frame)) else { continue };
            if depth <= self.hidden || self.frames.takes(depth, used.identity) {
                continue;
            }
            let record = tape.record.borrow();
            let slot = record.slot(used.identity);
            let before = self.frames.slots_before(depth, tape.serial);
            let is_watched = slot != NONE && before.is_none_or(|before| (slot as usize) < before);
            let is_lost = is_watched || (slot == NONE && is_lost(frame, &record, used.identity));
            if is_lost && frame.discovers {
                self.frames.push_found(depth, used);
            } else if is_lost {
                let local = self.frames.captured_as(depth, used.identity);
                return Err(lost_gradient(frame.rule, used, expression.or(local)));
            }
        }
        Ok(())
    }
}
