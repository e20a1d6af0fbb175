//! What is no tensor is captured, not passed.
use functional::grad;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant([1.0, 2.0]);
    let _ = grad(|(x, n)| x * n, (&x, 3))?;
    Ok(())
}
