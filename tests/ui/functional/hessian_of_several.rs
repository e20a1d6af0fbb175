//! A Hessian is that of one tensor.
use functional::hessian;
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(1.0);
    let _ = hessian(|(x, y)| x * y, (&x, &x))?;
    let _ = hessian(|x| (x * 2, x * 3), &x)?;
    Ok(())
}
