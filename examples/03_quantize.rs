//! Lesson 3: rounding, which has no useful derivative, with a straight-through estimator.
//!
//! Expected: values `[1.0, 3.0, 3.0]`, gradient `[1.0, 1.0, 1.0]`. Rounding alone lets no gradient through, and here
//! asking for one is an error that says so; TensorFlow answers `None`.

use gradcore::prelude::*;

// @tf.custom_gradient
// def quantize(x):
//   def grad(dy):
//     return dy
//   return tf.round(x), grad

#[custom_gradient]
fn quantize(x: &Tensor) -> Tensor {
    fn grad(dy: &Tensor) -> &Tensor {
        dy
    }
    (tf::round(x), grad)
}

fn main() -> Result<(), Error> {
    // x = tf.constant([1.2, 2.7, 3.0])
    let x = tf::constant([1.2, 2.7, 3.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = quantize(&x);
    let dy_dx = tape.gradient(&y, &x)?;
    println!("y     = {y}, expected [1.0, 3.0, 3.0]");
    println!("dy/dx = {dy_dx}, expected [1.0, 1.0, 1.0]");
    assert_eq!((y.to_vec(), dy_dx.to_vec()), (vec![1.0, 3.0, 3.0], vec![1.0; 3]));

    let without_a_rule = tape.gradient(tf::round(&x), &x);
    let reason = without_a_rule.expect_err("rounding lets no gradient through");
    println!("without the rule: {reason}");
    Ok(())
}
