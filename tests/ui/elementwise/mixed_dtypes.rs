use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn f(x: f32, k: f64) -> f32 {
    (x * k, |dy| (dy * k, dy * x))
}

fn main() {
    let y = f(&tf::constant([1.0]), 2.0);
    println!("{y}");
}
