//! What is marked `#[nondiff]` gets no gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn scale(x: &Tensor, #[nondiff] k: &Tensor) -> Tensor {
    (x * k, |dy| (dy * k, dy * x))
}

fn main() {}
