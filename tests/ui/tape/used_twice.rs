//! A one-shot tape gives one gradient.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let first = tape.gradient(&y, &x)?;
    let second = tape.gradient(&y, &x)?;
    Ok(())
}
