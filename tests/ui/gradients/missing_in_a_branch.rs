//! Each branch returns every gradient.
use gradcore::prelude::*;

#[custom_gradient]
fn product(a: &Tensor, b: &Tensor) -> Tensor {
    let grad = |dy: &Tensor| if dy.rank() == 0 { (dy * b, dy * a) } else { (dy * b, None, None) };
    (a * b, grad)
}

fn main() {}
