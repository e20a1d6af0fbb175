//! A gradient that never uses the upstream gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn square(x: &Tensor) -> Tensor {
    (x * x, |_dy| x * 2.0)
}

fn main() {}
