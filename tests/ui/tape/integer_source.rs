//! Integers have no gradient.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let labels = tf::constant([1, 2]);
    let dx = tape.gradient(&y, &labels)?;
    Ok(())
}
