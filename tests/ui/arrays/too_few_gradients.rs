use gradcore::prelude::*;
use ndarray::{Array2, ArrayView2};

#[custom_gradient(arrays)]
fn matmul(a: ArrayView2<f32>, b: ArrayView2<f32>) -> Array2<f32> {
    let grad = |dy| dy.dot(&b.t());
    (a.dot(&b), grad)
}

fn main() {
    matmul(&tf::constant([[1.0]]), &tf::constant([[1.0]]));
}
