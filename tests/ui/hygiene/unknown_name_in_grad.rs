//! Errors of `grad` stand at its tokens.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * slope)
}

fn main() {}
