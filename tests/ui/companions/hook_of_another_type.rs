//! A hook returns a tensor of the gradient's dtype, or nothing.

use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x = tf::constant([1.0f32]);
    let tape = GradientTape::new();
    tape.watch(&x);
    tape.register_hook(&x, |g| tf::cast(g, tf::float64))?;
    tape.register_hook(&x, |g| g.shape()[0])?;
    tape.register_hook(&tf::constant([1]), |g| println!("{g}"))
}
