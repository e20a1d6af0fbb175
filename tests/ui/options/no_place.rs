//! A variable is named by its place.
use gradcore::prelude::*;

struct Layer {
    w: Variable,
}

impl Layer {
    #[custom_gradient(variables(&self.w))]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * &self.w, |dy| (dy * 1.0, dy * x))
    }
}

fn main() {}
