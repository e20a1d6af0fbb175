//! A Jacobian is that of one tensor.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (y, z) = (&x * 2, &x * 3);
    let _ = tape.jacobian(vec![&y, &z], &x)?;
    let _ = tape.batch_jacobian(&y, (&x, &z))?;
    Ok(())
}
