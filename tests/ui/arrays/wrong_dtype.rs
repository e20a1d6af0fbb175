use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

#[custom_gradient(arrays)]
fn round(x: ArrayView1<f32>) -> Array1<f32> {
    let grad = |dy| dy.mapv(f64::from);
    (x.mapv(f32::round), grad)
}

fn main() {
    round(&tf::constant([1.5]));
}
