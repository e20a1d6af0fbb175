//! A gradient that comes later is none (TensorFlow returns the coroutine).
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, async |dy| dy * 2.0)
}

fn main() {}
