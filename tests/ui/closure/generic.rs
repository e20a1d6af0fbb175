//! A closure has one type.
use gradcore::prelude::*;

fn outer() {
    #[custom_gradient(closure)]
    fn f<T: Element>(x: &Tensor<f32>, y: T) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
}

fn main() {}
