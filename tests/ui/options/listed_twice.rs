//! A variable gets one gradient.
use gradcore::prelude::*;

struct Layer {
    w: Variable,
}

impl Layer {
    #[custom_gradient(variables(self.w, self.w))]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * &self.w, |dy| (dy * &self.w, dy * x, dy * x))
    }
}

fn main() {}
