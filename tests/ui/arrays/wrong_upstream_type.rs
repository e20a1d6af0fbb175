use gradcore::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2};

#[custom_gradient(arrays)]
fn double(x: ArrayView2<f32>) -> Array2<f32> {
    let grad = |dy: ArrayView1<f32>| &dy * 2.0;
    (&x * 2.0, grad)
}

fn main() {
    double(&tf::constant([[1.0]]));
}
