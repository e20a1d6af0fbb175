//! A method may borrow its receiver mutably.
use gradcore::prelude::*;

#[custom_gradient]
fn sum_of_powers(x: &Tensor, n: usize) -> Tensor {
    let mut powers = vec![tf::ones_like(x)];
    let grad = |dy| dy * tf::add_n(&powers);
    for k in 0..n {
        powers.push(&powers[k] * x);
    }
    (tf::add_n(&powers), grad)
}

fn main() {}
