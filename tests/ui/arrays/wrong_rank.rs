use gradcore::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

#[custom_gradient(arrays)]
fn add_bias(x: ArrayView2<f32>, bias: ArrayView1<f32>) -> Array2<f32> {
    let grad = |dy| (dy.sum_axis(Axis(0)), dy.sum_axis(Axis(0)));
    (&x + &bias, grad)
}

fn main() {
    add_bias(&tf::constant([[1.0]]), &tf::constant([1.0]));
}
