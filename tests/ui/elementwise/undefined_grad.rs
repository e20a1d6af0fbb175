use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: f32) -> f32 {
    (x * 2.0, grad)
}

fn main() {}
