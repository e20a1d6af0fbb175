//! An array that the body owns changes in place.
use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

#[custom_gradient(arrays)]
fn doubled(mut a: Array1<f32>) -> Array1<f32> {
    let grad = |dy: ArrayView1<f32>| &dy * &a;
    a.mapv_inplace(|x| 2.0 * x);
    (&a + 1.0, grad)
}

fn main() {}
