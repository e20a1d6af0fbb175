use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: i32) -> i32 {
    (x * 2, |dy| dy * 2)
}

#[custom_gradient(elementwise)]
fn g<T: Element>(x: T) -> T {
    (x, |dy| dy)
}

fn main() {}
