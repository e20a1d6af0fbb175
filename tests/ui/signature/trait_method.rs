//! A trait method without a body has nothing to differentiate.
use gradcore::prelude::*;

trait Layer {
    #[custom_gradient]
    fn call(&self, x: &Tensor) -> Tensor;
}

fn main() {}
