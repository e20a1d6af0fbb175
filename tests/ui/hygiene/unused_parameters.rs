//! A parameter that is not used is reported, as in any function.
#![deny(unused_variables)]
use gradcore::prelude::*;

#[custom_gradient]
fn scale(x: &Tensor, unused: &Tensor, limit: f32, _silent: f32, #[allow(unused_variables)] allowed: f32) -> Tensor {
    let dead = x * 3.0;
    (x * 2.0, |dy| (dy * 2.0, None))
}

fn main() {}
