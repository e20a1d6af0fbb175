//! Every mistake among the options is reported.
use gradcore::prelude::*;

#[custom_gradient(clozure, broadcast, broadcast, variables())]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
