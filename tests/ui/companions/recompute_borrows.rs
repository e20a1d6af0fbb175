//! The function runs again later, so it owns what it captures.

use gradcore::prelude::*;

fn main() {
    let k = 2.0;
    let g = tf::recompute_grad(|x: &Tensor| tf::tanh(x) * k);
    let _ = g(&tf::constant(1.0));
}
