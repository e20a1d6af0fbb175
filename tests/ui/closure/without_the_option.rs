//! A plain nested function sees no locals, as always in Rust.
use gradcore::prelude::*;

fn outer(slope: f32) {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * slope, |dy| dy * slope)
    }
    f(&tf::constant(1.0));
}

fn main() {}
