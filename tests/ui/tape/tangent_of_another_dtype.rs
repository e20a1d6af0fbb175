//! The tangent of an `f32` is an `f64`.
use gradcore::prelude::*;

fn main() {
    let x: Tensor = tf::constant(1.0);
    let tangent: Tensor<f64> = tf::constant(1.0);
    let _ = ForwardAccumulator::new(&x, &tangent);
}
