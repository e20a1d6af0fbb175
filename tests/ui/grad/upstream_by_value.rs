//! The upstream gradient is borrowed.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    fn grad(dy: Tensor) -> Tensor {
        dy * 2.0
    }
    (x * 2.0, grad)
}

fn main() {}
