//! An inner `grad` captures where it stands, too.
use gradcore::prelude::*;

#[custom_gradient]
fn scaled(x: &Tensor) -> Tensor {
    let mut scale = 2.0;
    fn grad(dy: &Tensor) -> Tensor {
        dy * scale
    }
    scale += 1.0;
    (x * scale, grad)
}

fn main() {}
