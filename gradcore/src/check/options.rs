//! How thoroughly gradients are checked.

use std::ops::RangeFull;

use crate::tf::options::Seed;

/// Options of [`check_gradients`](super::check_gradients): seed 0 and 3 directions unless said.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    pub(super) seed: u64,
    pub(super) directions: usize,
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions { seed: 0, directions: 3 }
    }
}

impl From<RangeFull> for CheckOptions {
    fn from(_: RangeFull) -> Self {
        CheckOptions::default()
    }
}

impl From<Seed> for CheckOptions {
    fn from(seed: Seed) -> Self {
        CheckOptions { seed: seed.0, ..CheckOptions::default() }
    }
}

/// In how many random directions each input is moved, each with weights of its own on the outputs; at least one.
#[must_use]
pub fn directions(directions: usize) -> CheckOptions {
    CheckOptions::default().directions(directions)
}

impl CheckOptions {
    /// In how many random directions each input is moved, each with weights of its own on the outputs; at least one.
    #[must_use]
    pub fn directions(self, directions: usize) -> Self {
        CheckOptions { directions: directions.max(1), ..self }
    }

    /// Where the random numbers start.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        CheckOptions { seed, ..self }
    }
}

impl Seed {
    /// In how many random directions each input of [`check_gradients`](super::check_gradients) is moved.
    #[must_use]
    pub fn directions(self, directions: usize) -> CheckOptions {
        CheckOptions::from(self).directions(directions)
    }
}
