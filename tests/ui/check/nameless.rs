//! A parameter that has no name to give it an argument by.
use gradcore::prelude::*;

#[custom_gradient(check(x = [2]))]
fn scale(x: &Tensor, (a, b): (f32, f32)) -> Tensor {
    (x * a * b, |dy| dy * a * b)
}

fn main() {}
