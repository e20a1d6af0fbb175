//! The attribute stands on functions only.
use gradcore::prelude::*;

#[custom_gradient]
struct Layer {
    w: Variable,
}

fn main() {}
