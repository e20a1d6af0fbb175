//! Tapes that do not record for a while.

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
