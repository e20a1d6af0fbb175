//! Rules that are tried out: forward mode runs them on upstream gradients that nobody has computed.

use std::cell::Cell;
use std::sync::Once;

use super::call_site::CallSite;
use crate::error::Error;
use crate::threads;

thread_local! {
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, rules that run are tried out. One that changes what outlives it must not.
#[must_use = "what runs is no trial when it is dropped"]
pub(super) struct Trial(bool);

impl Trial {
    pub(super) fn begin() -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| threads::set_aside_while_waiting(set_aside));
        Trial(RUNS.replace(true))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        RUNS.set(self.0);
    }
}

/// A task that runs while this one waits is no part of the trial.
fn set_aside() -> Box<dyn FnOnce()> {
    let own = RUNS.take();
    Box::new(move || RUNS.set(own))
}

/// Whether what runs is tried out.
#[inline]
pub(super) fn is_trial() -> bool {
    RUNS.get()
}

/// A rule cannot be tried out.
#[cold]
pub(super) fn refused(site: CallSite) -> Error {
    Error::HigherDerivative { order: FORWARD, call: site.rule_call(), reason: EFFECT }
}

/// What the derivatives of forward mode are called.
pub(super) const FORWARD: &str = "forward-mode";

const EFFECT: &str = "its `grad` seems to change what outlives it, and forward mode runs it on upstream gradients that are made up; take gradients by a tape, or change it in the body of the function, or in a hook on its result (`register_hook`)";
