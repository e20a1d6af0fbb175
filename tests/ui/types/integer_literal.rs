//! A tensor of floats is compared with an integer.
use gradcore::prelude::*;

#[custom_gradient]
fn positive(x: &Tensor) -> Tensor {
    (tf::where_(x > 0, x, 0.0), |dy| tf::where_(x > 0.0, dy, 0.0))
}

fn main() {}
