//! A gradient is a tensor, not a number.
use gradcore::prelude::*;

#[custom_gradient]
fn product(a: &Tensor, b: &Tensor) -> Tensor {
    (a * b, |dy| (dy * b, dy.item()))
}

fn main() {}
