//! Gradients are counted in closures too.
use gradcore::prelude::*;

fn outer(w: Variable) {
    #[custom_gradient(closure, variables(w))]
    fn f(x: &Tensor) -> Tensor {
        (x * w, |dy| dy * w)
    }
    f(&tf::constant(1.0));
}

fn main() {}
