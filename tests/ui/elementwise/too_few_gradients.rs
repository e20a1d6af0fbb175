use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(a: f32, b: f32, #[nondiff] c: f32) -> f32 {
    (a * b * c, |dy| dy * b * c)
}

#[custom_gradient(elementwise)]
fn g(a: f32, #[nondiff] b: f32) -> f32 {
    (a * b, |dy| (dy * b, None))
}

fn main() {}
