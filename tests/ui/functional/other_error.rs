//! The error of the function is the library's.
use functional::grad;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(1.0);
    let _ = grad(|x| Ok::<Tensor, String>(x * 2), &x)?;
    Ok(())
}
