//! Waiting for a pool of threads.
//!
//! A thread of a pool that waits for the parts of its work may run any other task of the pool meanwhile, on top of what it
//! was doing: another training step of the user's, in the middle of a rule. So what belongs to the task that waits is set
//! aside, and taken back when the wait is over; the task that runs meanwhile finds a thread that is doing nothing. A pool of
//! one's own would not help, because a thread waits for that as well.

use std::sync::{PoisonError, RwLock};

/// Takes a state of this thread away, and gives what puts it back.
pub(crate) type SetAside = fn() -> Box<dyn FnOnce()>;

/// Every state that a task may leave on its thread.
static STATES: RwLock<Vec<SetAside>> = RwLock::new(Vec::new());

/// From now on a state is set aside while a thread waits. It is called once for each state, before a thread has any.
pub(crate) fn set_aside_while_waiting(state: SetAside) {
    STATES.write().unwrap_or_else(PoisonError::into_inner).push(state);
}

/// Runs what may wait for a pool of threads.
pub(crate) fn waiting<R>(work: impl FnOnce() -> R) -> R {
    // A thread that is in no pool sleeps while it waits.
    let _aside = rayon::current_thread_index().map(|_| Aside::take());
    work()
}

/// The states of a thread that waits; they are put back when it is dropped.
struct Aside(Vec<Box<dyn FnOnce()>>);

impl Aside {
    fn take() -> Self {
        let states = STATES.read().unwrap_or_else(PoisonError::into_inner);
        Aside(states.iter().map(|set_aside| set_aside()).collect())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|put_back| put_back());
    }
}
