//! A tape stays on its thread.
use gradcore::prelude::*;

fn on_another_thread<R>(_: impl FnOnce() -> R + Send) {}

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = &x * &x;
    on_another_thread(move || tape.gradient(&y, &x));
    Ok(())
}
