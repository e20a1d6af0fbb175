//! The type of the value is missing.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
