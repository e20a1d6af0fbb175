use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

#[custom_gradient(arrays)]
fn lengths(places: ArrayView1<i64>) -> Array1<f32> {
    (places.mapv(|place| place as f32), |dy| dy)
}

fn main() {
    lengths(&tf::constant([1i64]));
}
