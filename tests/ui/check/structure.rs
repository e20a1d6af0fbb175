//! What `check_gradients` cannot move.
use gradcore::prelude::*;

fn main() {
    let x: Tensor = tf::constant([1.0, 2.0]);
    let _ = check_gradients(|(x, n): (&Tensor, i32)| x * n, (&x, 3), ..);
    let _ = check_gradients(|x| x.to_vec(), &x, ..);
}
