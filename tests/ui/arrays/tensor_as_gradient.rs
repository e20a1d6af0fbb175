use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

#[custom_gradient(arrays)]
fn double(x: ArrayView1<f32>) -> Array1<f32> {
    let grad = |dy| Tensor::from(&dy * 2.0);
    (&x * 2.0, grad)
}

fn main() {
    double(&tf::constant([1.0]));
}
