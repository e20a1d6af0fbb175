//! A rule on the rule would be the derivative by the upstream gradient, not the second derivative.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    #[custom_gradient]
    fn grad(dy: &Tensor) -> Tensor {
        (dy * 2.0, |ddy| ddy * 3.0)
    }
    (x * 2.0, grad)
}

fn main() {}
