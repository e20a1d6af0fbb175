//! What `check` is given is written `x = …`.
use gradcore::prelude::*;

#[custom_gradient(check([2, 3]))]
fn double(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
