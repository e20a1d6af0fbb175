//! A local that neither the body nor `grad` uses is reported.
#![deny(unused)]
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let forgotten = x * 2.0;
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
