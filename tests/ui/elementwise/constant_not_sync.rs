use std::cell::Cell;

use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: f32, n: i32, count: &Cell<i32>) -> f32 {
    count.set(count.get() + n);
    (x * 2.0, |dy| dy * 2.0)
}

fn main() {}
