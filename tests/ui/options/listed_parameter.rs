//! A parameter gets its gradient as such.
use gradcore::prelude::*;

#[custom_gradient(variables(w))]
fn f(x: &Tensor, w: &Variable) -> Tensor {
    (x * w, |dy| (dy * w, dy * x, dy * x))
}

fn main() {}
