//! What a method reads of `self` must be listed.
use gradcore::prelude::*;

struct Layer {
    w: Variable,
}

impl Layer {
    #[custom_gradient]
    fn positive(&self) -> Tensor {
        (tf::nn::relu(&self.w), |dy| dy)
    }
}

fn main() {}
