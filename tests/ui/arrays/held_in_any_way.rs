use gradcore::prelude::*;
use ndarray::{Array1, ArrayBase, Data, Ix1};

#[custom_gradient(arrays)]
fn double<S: Data<Elem = f32>>(x: &ArrayBase<S, Ix1>) -> Array1<f32> {
    (x * 2.0, |dy| &dy * 2.0)
}

fn main() {}
