//! Did you mean, with an argument?
use gradcore::prelude::*;

#[custom_gradient(variable(w))]
fn f(x: &Tensor, w: &Variable) -> Tensor {
    (x * w, |dy| (dy * w, dy * x))
}

fn main() {}
