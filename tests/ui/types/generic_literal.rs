//! A literal has no generic dtype.
use gradcore::prelude::*;

#[custom_gradient]
fn positive<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (tf::where_(x > 0.0, x, T::of(0.0)), |dy| dy)
}

fn main() {}
