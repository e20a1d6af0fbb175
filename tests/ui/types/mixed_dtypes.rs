//! Tensors of different dtypes do not mix.
use gradcore::prelude::*;

#[custom_gradient]
fn scale(x: &Tensor, k: &Tensor<f64>) -> Tensor {
    (x * k, |dy| (dy * 2.0, None))
}

fn main() {}
