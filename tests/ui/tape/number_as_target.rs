//! A number was never on the tape.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let dx = tape.gradient(y.item(), &x)?;
    Ok(())
}
