use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: f32) -> (f32, f32) {
    ((x.sin(), x.cos()), |dsin, dcos| dsin * x.cos() - dcos * x.sin())
}

fn main() {}
