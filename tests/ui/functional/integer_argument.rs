//! Integers have no derivatives.
use functional::grad;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let n = tf::constant([1, 2]);
    let _ = grad(|n| tf::cast(n, tf::float32), &n)?;
    Ok(())
}
