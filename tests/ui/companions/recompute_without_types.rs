//! The types of a closure's parameters are written out.

use gradcore::prelude::*;

fn main() {
    let g = tf::recompute_grad(|x| tf::tanh(x));
    let _ = g(&tf::constant(1.0));
}
