//! A misspelt option.
use gradcore::prelude::*;

#[custom_gradient(variable(self.w))]
fn f(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
