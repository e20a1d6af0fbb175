//! A guard borrows its lock.
use gradcore::prelude::*;

use std::sync::Mutex;

#[custom_gradient]
fn f(x: &Tensor, factor: &Mutex<f32>) -> Tensor {
    let guard = factor.lock().unwrap();
    (x * *guard, |dy| dy * *guard)
}

fn main() {}
