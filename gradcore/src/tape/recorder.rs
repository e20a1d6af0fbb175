//! The tapes of a thread, and the calls of rules that are under way on it.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::panic::Location;
use std::rc::Rc;

use smallvec::SmallVec;

use super::forward;
use super::node::{Backward, Origin, Rule};
use super::record::{Member, Output, Record, Settings};
use super::slots::NONE;
use crate::tensor::Identity;

thread_local! {
    /// Number of tapes that record on this thread; zero is the fast way out of everything here.
    static TAPES: Cell<usize> = const { Cell::new(0) };
    static RECORDER: RefCell<Recorder> = const { RefCell::new(Recorder { tapes: Vec::new(), frames: Vec::new(), next_serial: 0, barrier: 0 }) };
}

struct Recorder {
    /// In the order in which they began.
    tapes: Vec<ActiveTape>,
    /// Bodies of rules that are running, innermost last.
    frames: Vec<Frame>,
    next_serial: u64,
    /// Tapes with a smaller serial number are paused: a body is running whose operations they need not see.
    barrier: u64,
}

struct ActiveTape {
    serial: u64,
    record: Rc<RefCell<Record>>,
    /// How many have asked it not to record for now.
    paused: u32,
}

impl ActiveTape {
    /// Whether it records what is called now, given the barrier.
    fn records(&self, barrier: u64) -> bool {
        self.serial >= barrier && self.paused == 0
    }
}

/// Tensors, and the names of the locals.
type Captured = Vec<(Identity, &'static str)>;

/// A rule whose body is running.
struct Frame {
    rule: &'static Rule,
    inputs: SmallVec<[Identity; 4]>,
    /// Arguments that are `#[nondiff]`.
    known: SmallVec<[Identity; 1]>,
    /// Tensors that the rule has captured as a closure, with the names of the locals.
    captured: Option<Box<Captured>>,
    /// The tapes that saw the call: those with serial numbers from `.0` up to `.1`.
    serials: (u64, u64),
    /// The first sequence number of the tensors that the body makes.
    first_sequence: u64,
    /// Where the operations of the body are recorded, because a second derivative is possible: for each tape that saw
    /// the call, its number of slots when the body began. Empty where the tapes are paused.
    slots_before: SmallVec<[(u64, usize); 1]>,
}

impl Frame {
    fn covers(&self, tape: &ActiveTape) -> bool {
        (self.serials.0..self.serials.1).contains(&tape.serial) && tape.paused == 0
    }

    /// Whether the operations of the body are recorded.
    fn again(&self) -> bool {
        !self.slots_before.is_empty()
    }
}

/// The bit that stands for every input from this place on, where a word notes something of each.
pub(crate) const LAST_BIT: u32 = u64::BITS - 1;

/// What a rule is told when its body begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Begun {
    /// The inputs that a tape watches: bit `k` for the `k`th.
    pub(crate) watched: u64,
    /// Number of frames with this call's; zero if the call has none.
    pub(crate) depth: u32,
}

/// Starts a tape on this thread.
pub(crate) fn start(settings: Settings) -> (u64, Rc<RefCell<Record>>) {
    let record = Rc::new(RefCell::new(Record::new(settings)));
    let serial = RECORDER.with_borrow_mut(|recorder| {
        let serial = recorder.next_serial;
        recorder.next_serial += 1;
        recorder.tapes.push(ActiveTape { serial, record: Rc::clone(&record), paused: 0 });
        serial
    });
    TAPES.set(TAPES.get() + 1);
    (serial, record)
}

/// Stops a tape, in whatever order; does nothing for one that has stopped.
pub(crate) fn stop(serial: u64) {
    // A tape kept in a thread-local may outlive the recorder, at the end of the thread.
    let _ = RECORDER.try_with(|recorder| {
        let tapes = &mut recorder.borrow_mut().tapes;
        if let Some(index) = tapes.iter().position(|tape| tape.serial == serial) {
            tapes.remove(index);
            TAPES.set(TAPES.get() - 1);
        }
    });
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

/// While it lives, some tapes do not record.
#[must_use = "the tapes record again when it is dropped"]
pub(crate) struct Paused {
    serials: Range<u64>,
}

impl Paused {
    /// Pauses the tapes with these serial numbers.
    pub(crate) fn these(serials: Range<u64>) -> Self {
        RECORDER.with_borrow_mut(|recorder| recorder.each_of(&serials, |tape| tape.paused += 1));
        Paused { serials }
    }

    /// Pauses every tape that exists and has at least this serial number.
    pub(crate) fn from(serial: u64) -> Self {
        let next = RECORDER.with_borrow(|recorder| recorder.next_serial);
        Paused::these(serial..next)
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        // A guard kept in a thread-local may outlive the recorder, at the end of the thread.
        let resume = |recorder: &RefCell<Recorder>| {
            recorder.borrow_mut().each_of(&self.serials, |tape| tape.paused -= 1);
        };
        let _ = RECORDER.try_with(resume);
    }
}

/// Whether a tape other than `record` knows the tensor.
pub(crate) fn is_on_another_tape(identity: Identity, record: &Rc<RefCell<Record>>) -> bool {
    RECORDER.with_borrow(|recorder| {
        recorder
            .tapes
            .iter()
            .any(|tape| !Rc::ptr_eq(&tape.record, record) && tape.record.borrow().slot(identity) != NONE)
    })
}

/// Begins a call: finds out which inputs are watched, and pauses the tapes while the body runs unless a second
/// derivative is possible. The body may use `known` besides the inputs.
///
/// # Panics
/// Panics if the call stands in the body of another rule and an input is watched without being an input of that rule.
#[track_caller]
#[inline(never)]
pub(crate) fn begin(rule: &'static Rule, inputs: &[Member<'_>], known: &[Member<'_>]) -> Begun {
    let begun: Result<Begun, String> = RECORDER.with_borrow_mut(|recorder| {
        if !recorder.frames.is_empty() {
            for input in inputs {
                recorder.expect_known(*input, None)?;
            }
        }
        Ok(recorder.begin(rule, inputs, known))
    });
    match begun {
        Ok(begun) => begun,
        Err(lost) => lose(&lost),
    }
}

/// Notes by which names a rule, as a closure, has captured tensors.
pub(crate) fn name_captures(begun: Begun, captured: Captured) {
    if begun.depth != 0 && !captured.is_empty() {
        RECORDER
            .with_borrow_mut(|recorder| recorder.frames[begun.depth as usize - 1].captured = Some(Box::new(captured)));
    }
}

/// Ends a call without recording it: the body panicked or returned an error.
pub(crate) fn abandon(depth: u32) {
    let _ = RECORDER.try_with(|recorder| recorder.borrow_mut().end_frame(depth));
}

/// Ends a call and records it on every tape that watches an input.
#[inline]
pub(crate) fn finish(begun: Begun, outputs: &[Output<'_>], backward: impl FnOnce() -> Rc<dyn Backward>) {
    finish_with(begun, outputs, (begun.watched != 0).then(backward));
}

/// As [`finish`], with the backward function if an input is watched.
pub(crate) fn finish_with(begun: Begun, outputs: &[Output<'_>], backward: Option<Rc<dyn Backward>>) {
    // It was made before and is dropped after the recorder is borrowed: what it keeps may run code of the user's.
    let forward = RECORDER.with_borrow_mut(|recorder| {
        let (frame, backward) = (recorder.end_frame(begun.depth)?, backward.as_ref()?);
        let mut accumulators = Vec::new();
        for tape in recorder.tapes.iter().filter(|tape| frame.covers(tape)) {
            let mut record = tape.record.borrow_mut();
            match record.settings.forward {
                true => accumulators.push((tape.serial, Rc::clone(&tape.record))),
                false => record.push(&frame.inputs, outputs, backward, frame.again()),
            }
        }
        (!accumulators.is_empty()).then_some((frame, accumulators))
    });
    if let (Some((frame, accumulators)), Some(backward)) = (forward, &backward) {
        forward::propagate(accumulators, &frame.inputs, outputs, backward, frame.again());
    }
}

/// Notes that `rule` lets no gradient of a tensor through, on every recording tape that watches it.
#[track_caller]
pub(crate) fn note_cut(rule: &'static Rule, input: Identity) {
    if is_idle() {
        return;
    }
    let origin = Origin { rule, called: Location::caller() };
    RECORDER.with_borrow(|recorder| {
        for tape in recorder.tapes.iter().filter(|tape| tape.records(recorder.barrier)) {
            tape.record.borrow_mut().note_cut(origin, input, false);
        }
    });
}

/// Checks a tensor that `grad` captures, or that is returned: if a tape watches it, it must be an input of the rule.
///
/// # Panics
/// Panics if it is none.
#[track_caller]
pub(crate) fn expect_input(used: Member<'_>, expression: Option<&'static str>) {
    if let Err(lost) = RECORDER.with_borrow(|recorder| recorder.expect_known(used, expression)) {
        lose(&lost);
    }
}

impl Recorder {
    fn each_of(&mut self, serials: &Range<u64>, change: impl FnMut(&mut ActiveTape)) {
        self.tapes.iter_mut().filter(|tape| serials.contains(&tape.serial)).for_each(change);
    }

    fn begin(&mut self, rule: &'static Rule, inputs: &[Member<'_>], known: &[Member<'_>]) -> Begun {
        let Recorder { tapes, frames, next_serial, barrier } = self;
        let active = tapes.iter().filter(|tape| tape.records(*barrier));
        let mut count = 0;
        let mut again = false;
        let mut watched = 0;
        for tape in active.clone() {
            count += 1;
            let mut record = tape.record.borrow_mut();
            again |= record.settings.persistent;
            for (k, input) in inputs.iter().enumerate() {
                if record.slot_when_read(*input) != NONE {
                    watched |= 1 << k.min(LAST_BIT as usize);
                }
            }
        }
        if count == 0 {
            return Begun::default();
        }
        again |= count > 1;
        let mut identities = SmallVec::new();
        inputs.iter().for_each(|input| identities.push(input.identity));
        let slots_before = match again {
            true => active.map(|tape| (tape.serial, tape.record.borrow().slot_count())).collect(),
            false => SmallVec::new(),
        };
        frames.push(Frame {
            rule,
            inputs: identities,
            known: known.iter().map(|known| known.identity).collect(),
            captured: None,
            serials: (*barrier, *next_serial),
            first_sequence: Identity::upcoming(),
            slots_before,
        });
        if !again {
            *barrier = *next_serial;
        }
        let depth = u32::try_from(frames.len()).expect("rules nest less deep than 2^32");
        Begun { watched, depth }
    }

    fn end_frame(&mut self, depth: u32) -> Option<Frame> {
        let index = (depth as usize).checked_sub(1)?;
        self.frames.truncate(index + 1);
        let frame = self.frames.pop()?;
        self.barrier = frame.serials.0;
        Some(frame)
    }

    /// A body may use its inputs, what it makes from them, what is `#[nondiff]`, and what no tape watches.
    #[inline]
    fn expect_known(&self, used: Member<'_>, expression: Option<&str>) -> Result<(), String> {
        for tape in &self.tapes {
            let Some(frame) = self.frames.iter().rev().find(|frame| frame.covers(tape)) else { continue };
            if frame.inputs.contains(&used.identity) || frame.known.contains(&used.identity) {
                continue;
            }
            let record = tape.record.borrow();
            let slot = record.slot(used.identity);
            let made_by_body =
                frame.slots_before.iter().any(|(serial, slots)| *serial == tape.serial && slot as usize >= *slots);
            let is_watched = slot != NONE && !made_by_body;
            let made_here = used.identity.is_made_here_since(frame.first_sequence);
            if is_watched || (slot == NONE && !made_here && record.watches_by_itself(used.identity)) {
                return Err(lost_gradient(frame, used, expression));
            }
        }
        Ok(())
    }
}

#[cold]
fn lost_gradient(frame: &Frame, used: Member<'_>, expression: Option<&str>) -> String {
    let Frame { rule, captured, .. } = frame;
    let local = captured
        .iter()
        .flat_map(|captured| captured.iter())
        .find(|(identity, _)| *identity == used.identity)
        .map(|(_, name)| *name);
    let kind = if used.identity.is_variable() { "variable" } else { "tensor" };
    let name = expression.or(local).or(used.seen.name()).map_or_else(String::new, |name| format!(" `{name}`"));
    format!(
        "`{}` ({}) uses the watched {kind}{name} of shape {:?}, which is none of its inputs: its gradient would be lost; \
         make it a parameter, list it in `#[custom_gradient(variables(…))]`, or pass it through `tf::stop_gradient`",
        rule.name,
        rule.place(),
        used.seen.shape(),
    )
}

/// Panics where the tensor is used: at the line of the body, where that calls the operation.
#[track_caller]
#[cold]
fn lose(message: &str) -> ! {
    panic!("{message}")
}
