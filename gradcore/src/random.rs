//! The random numbers of a thread, which can be drawn again.

use std::cell::RefCell;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

thread_local! {
    static GENERATOR: RefCell<ChaCha12Rng> = RefCell::new(ChaCha12Rng::from_rng(&mut rand::rng()));
}

/// Seeds the numbers of this thread.
pub(crate) fn set_seed(seed: u64) {
    GENERATOR.set(ChaCha12Rng::seed_from_u64(seed));
}

/// Draws numbers from a generator: one with the given seed, or this thread's.
pub(crate) fn draw<R>(seed: Option<u64>, numbers: impl FnOnce(&mut ChaCha12Rng) -> R) -> R {
    match seed {
        Some(seed) => numbers(&mut ChaCha12Rng::seed_from_u64(seed)),
        None => GENERATOR.with_borrow_mut(numbers),
    }
}

/// What the next random numbers of a thread will be.
pub(crate) struct State([u8; 49]);

impl State {
    pub(crate) fn now() -> Self {
        State(GENERATOR.with_borrow(ChaCha12Rng::serialize_state))
    }
}

/// While it lives, this thread draws the numbers again that it drew after a state; then it goes on where it was.
pub struct Replay {
    after: Option<ChaCha12Rng>,
}

impl Replay {
    pub(crate) fn of(State(state): &State) -> Self {
        Replay { after: Some(GENERATOR.replace(ChaCha12Rng::deserialize_state(state))) }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if let Some(generator) = self.after.take() {
            GENERATOR.set(generator);
        }
    }
}
