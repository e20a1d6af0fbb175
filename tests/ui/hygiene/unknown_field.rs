//! A field that does not exist is shown where it is used.
use gradcore::prelude::*;

struct Layer {
    slope: f32,
}

impl Layer {
    #[custom_gradient]
    fn call(&self, x: &Tensor) -> Tensor {
        (x * self.slope, |dy| dy * self.slpe)
    }
}

fn main() {}
