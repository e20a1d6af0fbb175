//! Checked gradients: what `check_gradients` finds, and the tests that `check(…)` generates.

mod correct;
mod detection;
mod elementwise;
mod exempt;
mod generated;
mod inconclusive;
mod jumps;
mod planted;
mod second;
mod structure;

use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn sin<T: Real>(x: T) -> T {
    (x.sin(), |dy| dy * x.cos())
}
