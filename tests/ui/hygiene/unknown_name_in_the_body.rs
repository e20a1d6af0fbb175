//! What a misspelt name makes of captures is no second error.
use gradcore::prelude::*;

#[custom_gradient]
fn f(x: &Tensor, slope: f32) -> Tensor {
    let y = x * solpe;
    (&y * slope, |dy| dy * &y * slope)
}

fn main() {}
