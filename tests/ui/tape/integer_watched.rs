//! Integers have no gradient.
use gradcore::prelude::*;

fn outer() {
    let tape = GradientTape::new();
    tape.watch(tf::constant([1, 2]));
}

fn main() {}
