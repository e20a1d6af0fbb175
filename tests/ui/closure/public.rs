//! A local is not public.
use gradcore::prelude::*;

fn outer() {
    #[custom_gradient(closure)]
    pub fn f(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * 2.0)
    }
}

fn main() {}
