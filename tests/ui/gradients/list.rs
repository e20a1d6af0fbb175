//! A `Vec` shows no number of gradients.
use gradcore::prelude::*;

#[custom_gradient]
fn product(a: &Tensor, b: &Tensor) -> Tensor {
    (a * b, |dy| vec![dy * b, dy * a])
}

fn main() {}
