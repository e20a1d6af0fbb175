use gradcore::prelude::*;
use ndarray::ArrayView1;

#[custom_gradient(arrays)]
fn total(a: ArrayView1<f32>) -> f32 {
    let grad = |dy| &a * 0.0 + dy;
    (a.sum(), grad)
}

fn main() {
    total(&tf::constant([1.0]));
}
