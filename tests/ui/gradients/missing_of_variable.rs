//! The weight is listed and gets no gradient.
use gradcore::prelude::*;

struct Layer {
    w: Variable,
}

impl Layer {
    #[custom_gradient(variables(self.w))]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * &self.w, |dy| (dy * &self.w,))
    }
}

fn main() {}
