//! A method is not nested either.
use gradcore::prelude::*;

struct Layer;

impl Layer {
    #[custom_gradient(closure)]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
}

fn main() {}
