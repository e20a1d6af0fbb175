//! The gradient has consumed the tape.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(1.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let _ = tape.gradient(&x * 2.0, &x)?;
    tape.reset();
    Ok(())
}
