//! Gradients stand in the order of the parameters.
use gradcore::prelude::*;

#[custom_gradient]
fn mixed(a: &Tensor<f32>, b: &Tensor<f64>) -> Tensor<f32> {
    let grad = |dy| (tf::cast(dy, tf::float64), dy * 2.0);
    (a + tf::cast(b, tf::float32), grad)
}

fn main() {}
