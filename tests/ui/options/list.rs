//! Variables are listed one by one.
use gradcore::prelude::*;

struct Layer {
    ws: Vec<Variable>,
}

impl Layer {
    #[custom_gradient(variables(self.ws))]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * &self.ws[0], |dy| (dy * 1.0, dy * x))
    }
}

fn main() {}
