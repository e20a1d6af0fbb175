//! The variables are listed in parentheses.
use gradcore::prelude::*;

#[custom_gradient(variables)]
fn f(x: &Tensor, w: &Variable) -> Tensor {
    (x * w, |dy| (dy * w, dy * x))
}

fn main() {}
