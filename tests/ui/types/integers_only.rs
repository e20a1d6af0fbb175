//! Integers have no gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn double(x: &Tensor<i32>) -> Tensor<i32> {
    (x * 2, |dy| dy * 2)
}

fn main() {}
