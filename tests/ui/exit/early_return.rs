//! An early exit without its rule would be lost in silence.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    if x.size() == 0 {
        return x.clone();
    }
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
