//! Output gradients have the dtype of the target.
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    let dy = tf::constant(1.0f64);
    let dx = tape.gradient_with(&y, &x, output_gradients(&dy))?;
    Ok(())
}
