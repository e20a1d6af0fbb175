// A function that is passed is kept for `grad`, however it is passed.
use gradcore::prelude::*;

#[custom_gradient]
fn by_clause<F>(x: &Tensor, f: F) -> Tensor
where
    F: Fn(&Tensor) -> Tensor,
{
    (f(x), |dy| f(dy))
}

#[custom_gradient]
fn by_reference(x: &Tensor, f: &impl Fn(&Tensor) -> Tensor) -> Tensor {
    (f(x), |dy| f(dy))
}

fn main() {}
