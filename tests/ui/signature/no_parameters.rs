//! Nothing to differentiate (TensorFlow falls back to its own derivative).
use gradcore::prelude::*;

#[custom_gradient]
fn f() -> Tensor {
    (tf::constant(1.0), |dy| dy)
}

fn main() {}
