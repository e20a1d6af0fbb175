//! A closure has one type, also for its parameters.
use gradcore::prelude::*;

fn outer() {
    #[custom_gradient(closure)]
    fn f(x: &Tensor, y: impl Into<f32>) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
}

fn main() {}
