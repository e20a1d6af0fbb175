//! Errors of the body stand at its tokens.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let y: i32 = x * 2.0;
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
