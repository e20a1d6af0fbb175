//! Tapes that do not record for a while, and bodies that do not own what runs.

use std::cell::RefCell;
use std::ops::Range;

use super::{RECORDER, Recorder, forget_latest};

/// While it lives, some tapes do not record.
#[must_use = "the tapes record again when it is dropped"]
pub(crate) struct Paused {
    serials: Range<u64>,
    /// Number of calls under way when it began.
    depth: u32,
}

impl Paused {
    /// Pauses the tapes with these serial numbers.
    pub(crate) fn these(serials: Range<u64>) -> Self {
        RECORDER.with_borrow_mut(|recorder| {
            recorder.each_of(&serials, |tape| tape.paused += 1);
            Paused { serials, depth: recorder.frames.depth() }
        })
    }

    /// Pauses every tape that exists and has at least this serial number.
    pub(crate) fn from(serial: u64) -> Self {
        let next = RECORDER.with_borrow(|recorder| recorder.next_serial);
        Paused::these(serial..next)
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        forget_latest();
        // A guard kept in a thread-local may outlive the recorder, at the end of the thread.
        let resume = |recorder: &RefCell<Recorder>| {
            let mut recorder = recorder.borrow_mut();
            // Calls that began meanwhile and are under way are none of theirs.
            let missed = self.depth + 1..recorder.frames.depth() + 1;
            recorder.some_missed |= !missed.is_empty();
            recorder.each_of(&self.serials, |tape| {
                tape.paused -= 1;
                if !missed.is_empty() {
                    tape.missed = missed.clone();
                }
            });
        };
        let _ = RECORDER.try_with(resume);
    }
}

/// While it lives, what runs is no part of the bodies under way: the tangents of a call in a body are computed with
/// tangents from outside, which that body does not take.
#[must_use = "what runs is the body's again when it is dropped"]
pub(crate) struct Outside {
    hidden: u32,
}

impl Outside {
    /// Hides every body that is running.
    pub(crate) fn bodies() -> Self {
        RECORDER.with_borrow_mut(|recorder| {
            let depth = recorder.frames.depth();
            Outside { hidden: std::mem::replace(&mut recorder.hidden, depth) }
        })
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        forget_latest();
        RECORDER.with_borrow_mut(|recorder| recorder.hidden = self.hidden);
    }
}
