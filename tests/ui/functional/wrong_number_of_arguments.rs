//! The function takes its arguments as they are given: in one structure.
use functional::grad;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(1.0);
    let _ = grad(|x, y| x * y, (&x, &x))?;
    Ok(())
}
