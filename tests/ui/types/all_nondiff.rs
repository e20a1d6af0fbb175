//! Every parameter is marked.
use gradcore::prelude::*;

#[custom_gradient]
fn double(#[nondiff] x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
