//! `?` needs a `grad` that returns `Result`.
use gradcore::prelude::*;

fn checked(dy: &Tensor) -> Result<Tensor, Error> {
    Ok(dy * 2.0)
}

#[custom_gradient]
fn f(x: &Tensor) -> Tensor {
    let grad = |dy| {
        let slope = checked(dy)?;
        slope * 3.0
    };
    (x * 6.0, grad)
}

fn main() {}
