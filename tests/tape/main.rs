//! The gradient tape: what it watches, what it gives back, and graphs made to break it.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod dependent_rows;
mod economy;
mod faults;
mod gradients;
mod graphs;
mod jacobians;
mod just_used;
mod lets;
mod missing;
mod recording;
mod threads;
mod variables;

use gradcore::prelude::*;

/// A watched scalar, and the tape that watches it.
pub(crate) fn watched(value: f32) -> (Tensor, GradientTape) {
    let x = tf::constant(value);
    let tape = GradientTape::new();
    tape.watch(&x);
    (x, tape)
}
