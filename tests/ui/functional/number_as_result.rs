//! A number has left the tapes.
use functional::grad;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant([1.0, 2.0]);
    let _ = grad(|x| tf::reduce_sum(x, ..).item(), &x)?;
    Ok(())
}
