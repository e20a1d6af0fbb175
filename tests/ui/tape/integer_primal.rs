//! Integers do not move.
use gradcore::prelude::*;

fn main() {
    let x: Tensor<i32> = tf::constant(1);
    let _ = ForwardAccumulator::new(&x, &x);
}
