//! Two primals, one tangent.
use gradcore::prelude::*;

fn main() {
    let (x, y): (Tensor, Tensor) = (tf::constant(1.0), tf::constant(2.0));
    let _ = ForwardAccumulator::new((&x, &y), &x);
}
