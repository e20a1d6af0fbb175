//! The borrow checker speaks of the user's names.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: Tensor, y: &Tensor) -> Tensor {
    drop(x);
    let z = x * y;
    (z, |dy| (dy * y, dy * 1.0))
}

fn main() {}
