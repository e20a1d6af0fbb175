use gradcore::prelude::*;

fn both(dy: f32) -> (f32, f32) {
    (dy, dy)
}

#[custom_gradient(elementwise)]
fn f(a: f32, b: f32, c: f32) -> f32 {
    (a + b + c, |dy| both(dy))
}

fn main() {}
