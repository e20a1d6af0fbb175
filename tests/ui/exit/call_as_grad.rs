//! `grad` is a closure, not what a closure returns.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let grad = |dy| dy * x;
    (x * 2.0, grad(x))
}

fn main() {}
