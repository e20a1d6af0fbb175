//! The gradient of `x` is of `f64`.
use gradcore::prelude::*;

#[custom_gradient]
fn double(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| (tf::cast(dy, tf::float64) * 2.0,))
}

fn main() {}
