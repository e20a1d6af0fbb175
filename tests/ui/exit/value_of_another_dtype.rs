//! The value is of another dtype than the function returns.
use gradcore::prelude::*;

#[custom_gradient]
fn double(x: &Tensor) -> Tensor<f64> {
    (x * 2.0, |dy| tf::cast(dy, tf::float32))
}

fn main() {}
