//! Integers have no gradient.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let place = tf::argmax(&y, axis(0));
    let dx = tape.gradient(&place, &x)?;
    Ok(())
}
