//! Calls whose numbers nobody reads.

use std::cell::Cell;

use super::RECORDER;
use crate::recording::slots::NONE;

thread_local! {
    /// The tape of the probe that runs, of a rule that is known to be linear.
    static PROBE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// While it lives, a rule that is known to be linear runs to be transposed: its tape is asked which calls there were, and
/// what came of the upstream gradient is read by nobody.
#[must_use = "numbers are computed again when it is dropped"]
pub(crate) struct Probing(Option<u64>);

impl Probing {
    /// Begins, with the serial number of the tape that watches the upstream gradient.
    pub(crate) fn on(tape: u64) -> Self {
        Probing(PROBE.replace(Some(tape)))
    }

    /// As outside of any probe.
    pub(crate) fn off() -> Self {
        Probing(PROBE.take())
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        PROBE.set(self.0);
    }
}

/// Whether the body of this operation, which is the innermost that runs, computes what nobody reads.
#[inline]
pub(crate) fn is_unread(operation: &'static str) -> bool {
    PROBE.get().is_some_and(|probe| comes_of_the_upstream(operation, probe))
}

#[cold]
fn comes_of_the_upstream(operation: &'static str, probe: u64) -> bool {
    RECORDER.with_borrow(|recorder| {
        let depth = recorder.frames.depth();
        let is_own = recorder.frames.get(depth).is_some_and(|it| it.rule.is_linear && it.rule.name == operation);
        let tape = recorder.tapes.iter().find(|tape| tape.serial == probe);
        let Some(tape) = tape.filter(|_| is_own) else { return false };
        let record = tape.record.borrow();
        recorder.frames.inputs_of(depth).iter().any(|(input, _)| record.slot(*input) != NONE)
    })
}
