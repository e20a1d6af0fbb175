//! The pair of a fallible function stands in `Ok`.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Result<Tensor, Error> {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
