//! `grad` cannot borrow a capture mutably.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let mut seen: Vec<f32> = Vec::new();
    let grad = |dy| {
        std::mem::take(&mut seen);
        dy * 2.0
    };
    (x * 2.0, grad)
}

fn main() {}
