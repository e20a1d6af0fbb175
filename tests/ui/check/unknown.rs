//! A misspelt parameter.
use gradcore::prelude::*;

#[custom_gradient(check(input = [2], wieght = [2]))]
fn scale(input: &Tensor, weight: &Tensor) -> Tensor {
    (input * weight, |dy| (dy * weight, dy * input))
}

fn main() {}
