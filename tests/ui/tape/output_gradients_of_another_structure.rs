//! Output gradients have the structure of the target.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let dx = tape.gradient_with((&y, &x), &x, output_gradients(&x))?;
    Ok(())
}
