//! A constant gets no gradient, not even `None`.
use gradcore::prelude::*;

#[custom_gradient]
fn scale(x: &Tensor, k: f32) -> Tensor {
    (x * k, |dy| (dy * k, None))
}

fn main() {}
