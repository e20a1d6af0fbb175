//! The option makes a local.
use gradcore::prelude::*;

#[custom_gradient(closure)]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
