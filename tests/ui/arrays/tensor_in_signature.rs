use gradcore::prelude::*;
use ndarray::{Array2, ArrayView2};

#[custom_gradient(arrays)]
fn matmul(a: ArrayView2<f32>, b: &Tensor) -> Array2<f32> {
    let grad = |dy| (dy.dot(&b.t()), a.t().dot(&dy));
    (a.dot(&b), grad)
}

fn main() {
    let x: Tensor = tf::constant([[1.0]]);
    matmul(&x, &x);
}
