//! Only the type behind the alias tells that `mask` is differentiable.
use gradcore::prelude::*;

type Mask = Tensor;

#[custom_gradient]
fn masked(x: &Tensor, mask: &Mask) -> Tensor {
    (x * mask, |dy| (dy * mask,))
}

fn main() {}
