//! A number has no identity.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    tape.watch(3.0);
    Ok(())
}
