//! An assignment may change several locals.
use gradcore::prelude::*;

#[custom_gradient]
fn fibonacci(x: &Tensor, n: u32) -> Tensor {
    let (mut a, mut b) = (tf::ones_like(x), x * 1.0);
    let grad = |dy| dy * &a;
    for _ in 0..n {
        (a, b) = (b.clone(), &a + &b);
    }
    (b, grad)
}

fn main() {}
