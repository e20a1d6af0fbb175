//! The attribute stands on the method, not on the block.
use gradcore::prelude::*;

struct Layer;

#[custom_gradient]
impl Layer {
    fn call(&self, x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
}

fn main() {}
