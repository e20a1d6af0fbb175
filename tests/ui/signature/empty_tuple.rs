//! An empty tuple is no value.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> () {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
