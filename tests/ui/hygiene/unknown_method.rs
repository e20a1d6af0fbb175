//! A method that does not exist is one error.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let y = x.exponential();
    (&y, |dy| dy * &y)
}

fn main() {}
