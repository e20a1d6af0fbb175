//! One output, two upstream gradients.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy, dz| dy * 2.0 + dz)
}

fn main() {}
