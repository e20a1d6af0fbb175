//! A function of `tf` takes more than references, so it stands in a closure.

use gradcore::prelude::*;

fn main() {
    let _ = tf::recompute_grad(tf::tanh);
}
