//! The place of the crate is a path.
use gradcore::prelude::*;

#[custom_gradient(crate = "gradcore")]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
