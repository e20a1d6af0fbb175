//! A number is no tensor.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> f32 {
    (x.item() * 2.0, |dy| dy * 2.0)
}

fn main() {}
