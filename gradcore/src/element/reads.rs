//! Where a number that has a derivative was read as a plain one: what is computed of that has lost the derivative.
//!
//! Loops over dual numbers run at full speed, so a read is only counted, for the whole program. Where the count has
//! changed, the loop runs once more, and each of its elements is asked on its own thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The reads of all threads.
static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether there was a read on this thread, in what is looked at.
    static SEEN: Cell<bool> = const { Cell::new(false) };
}

/// The reads of all threads. Those of a loop are in it when the loop has ended.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Notes a read.
#[cold]
pub(super) fn note() {
    COUNT.fetch_add(1, Ordering::Relaxed);
    SEEN.set(true);
}

/// Whether what runs here reads a number.
pub(crate) fn are_in(run: impl FnOnce()) -> bool {
    let before = SEEN.replace(false);
    run();
    SEEN.replace(before)
}

/// Whether there was a read in what is looked at, so far.
pub(crate) fn so_far() -> bool {
    SEEN.get()
}

/// Forgets the reads since it was asked [`so_far`]: of what they were used for, nothing is derived.
pub(crate) fn forget_since(so_far: bool) {
    SEEN.set(so_far);
}
