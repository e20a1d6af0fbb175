//! There are as many outputs as arguments, of the same dtypes.

use gradcore::prelude::*;

fn main() {
    let _ = tf::grad_pass_through(|a: &Tensor, b: &Tensor| a + b);
    let _ = tf::grad_pass_through(|x: &Tensor| tf::cast(x, tf::int32));
}
