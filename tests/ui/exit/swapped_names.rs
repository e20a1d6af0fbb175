//! The rule stands before the value, both by name.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let y = x * 2.0;
    let grad = |dy| dy * 2.0;
    (grad, y)
}

fn main() {}
