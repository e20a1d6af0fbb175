//! The upstream gradient has the dtype of the output.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor<f64>) -> Tensor<f64> {
    (x * 2.0, |dy: &Tensor| dy * 2.0)
}

fn main() {}
