// A function of a type that is not known cannot be cloned.
use gradcore::prelude::*;

#[custom_gradient]
fn applied(x: &Tensor, f: Box<dyn Fn(&Tensor) -> Tensor>) -> Tensor {
    (f(x), |dy| f(dy))
}

fn main() {}
