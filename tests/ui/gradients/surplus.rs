//! A gradient for a constant, as Python pads with `None`.
use gradcore::prelude::*;

#[custom_gradient]
fn scale(x: &Tensor, factor: f32) -> Tensor {
    (x * factor, |dy| (dy * factor, None))
}

fn main() {}
