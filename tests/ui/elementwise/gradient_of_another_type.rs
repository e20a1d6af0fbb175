use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: f32) -> f32 {
    let grad = |dy: f64| dy * 2.0;
    (x * 2.0, grad)
}

#[custom_gradient(elementwise)]
fn g(x: f32, y: f32) -> f32 {
    (x * y, |dy| (f64::from(dy * y), dy * x))
}

fn main() {}
