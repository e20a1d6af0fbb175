//! What stands for a missing gradient is an enum, not a string.
use gradcore::prelude::*;

fn main() {
    let x: Tensor = tf::constant(1.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * 2.0;
    let _ = tape.gradient_with(&y, &x, unconnected_gradients("nonsense"));
}
