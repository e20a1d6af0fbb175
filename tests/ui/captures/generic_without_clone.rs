//! A generic constant that need not be `Clone`.
use gradcore::prelude::*;

#[custom_gradient]
fn f<S: Into<f32> + Copy>(x: &Tensor, scale: S) -> Tensor {
    (x * scale.into(), |dy| dy * scale.into())
}

fn main() {}
