//! A flag takes no value.
use gradcore::prelude::*;

#[custom_gradient(broadcast = true)]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
