//! The random numbers of a thread, which can be drawn again.

use std::cell::RefCell;
use std::sync::Once;

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;

use crate::threads;

thread_local! {
    /// Made when it is first used.
    static GENERATOR: RefCell<Option<ChaCha12Rng>> = const { RefCell::new(None) };
}

/// Uses the generator of this thread.
fn with_generator<R>(use_generator: impl FnOnce(&mut ChaCha12Rng) -> R) -> R {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| threads::set_aside_while_waiting(set_aside));
    GENERATOR.with_borrow_mut(|generator| {
        use_generator(generator.get_or_insert_with(|| ChaCha12Rng::from_rng(&mut rand::rng())))
    })
}

/// What another task draws meanwhile are no numbers of this one.
fn set_aside() -> Box<dyn FnOnce()> {
    let own = GENERATOR.take();
    Box::new(|| GENERATOR.set(own))
}

/// Seeds the numbers of this thread.
pub(crate) fn set_seed(seed: u64) {
    with_generator(|generator| *generator = ChaCha12Rng::seed_from_u64(seed));
}

/// Draws numbers from a generator: one with the given seed, or this thread's.
pub(crate) fn draw<R>(seed: Option<u64>, numbers: impl FnOnce(&mut ChaCha12Rng) -> R) -> R {
    match seed {
        Some(seed) => numbers(&mut ChaCha12Rng::seed_from_u64(seed)),
        None => with_generator(numbers),
    }
}

/// What the next random numbers of a thread will be.
pub(crate) struct State([u8; 49]);

impl State {
    pub(crate) fn now() -> Self {
        State(with_generator(|generator| generator.serialize_state()))
    }
}

/// While it lives, this thread draws the numbers again that it drew after a state; then it goes on where it was.
pub struct Replay {
    after: Option<ChaCha12Rng>,
}

impl Replay {
    pub(crate) fn of(State(state): &State) -> Self {
        let again = ChaCha12Rng::deserialize_state(state);
        Replay { after: Some(with_generator(|generator| std::mem::replace(generator, again))) }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        GENERATOR.set(self.after.take());
    }
}
