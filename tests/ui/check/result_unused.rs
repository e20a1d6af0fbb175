//! The result of a check that nobody looks at.
#![deny(warnings)]
use gradcore::prelude::*;

fn main() {
    let x: Tensor = tf::constant([1.0, 2.0]);
    check_gradients(|x| x * 2.0, &x, ..);
}
