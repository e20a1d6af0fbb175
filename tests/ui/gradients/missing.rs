//! Two inputs, one gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn multiply(a: &Tensor, b: &Tensor) -> Tensor {
    (a * b, |dy| dy * b)
}

fn main() {}
