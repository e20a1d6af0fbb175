//! Two outputs, one upstream gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> (Tensor, Tensor) {
    let grad = |dy| dy * 2.0;
    ((x * 2.0, x * 3.0), grad)
}

fn main() {}
