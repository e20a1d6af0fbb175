//! A rule that is never called is reported.
#![deny(unused)]
use gradcore::prelude::*;

#[custom_gradient]
fn never_called(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
