//! The type of the value must be named.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> impl Into<Tensor> {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
