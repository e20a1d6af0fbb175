//! What is listed must be a tensor or a variable.
use gradcore::prelude::*;

struct Layer {
    scale: f32,
}

impl Layer {
    #[custom_gradient(variables(self.scale))]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * self.scale, |dy| (dy * self.scale, dy * x))
    }
}

fn main() {}
