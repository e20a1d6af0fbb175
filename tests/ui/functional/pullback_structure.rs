//! Cotangents of another structure than the results.
use functional::{linearize, vjp};
use gradcore::prelude::*;

fn main() -> Result<(), Error> {
    let x: Tensor = tf::constant([1.0, 2.0]);
    let (y, pullback) = vjp(|x| (x * x, x * 2), &x)?;
    let _ = pullback.apply(&y.0)?;
    let (_, linear) = linearize(|(x, y)| x * y, (&x, &x))?;
    let _ = linear.apply(&x)?;
    Ok(())
}
