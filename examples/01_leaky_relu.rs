//! Lesson 1: a function and its hand-written gradient, line by line from TensorFlow.
//!
//! Expected: the gradient at [-1, 0, 1] is `[0.2, 0.2, 1.0]`. At 0 the rule's `x > 0` takes the slope 0.2, as
//! TensorFlow's own leaky ReLU does. (The snippet that this lesson follows prints the same; its comment, which
//! promises [-0.2, 0, 1], shows the values instead of the gradient.)

use gradcore::prelude::*;

// @tf.custom_gradient
// def leaky_relu(x):
//   y = tf.where(x > 0, x, x * 0.2)
//   def grad(dy):
//     return tf.where(x > 0, dy, dy * 0.2)
//   return y, grad

#[custom_gradient]
fn leaky_relu(x: &Tensor) -> Tensor {
    let y = tf::where_(x > 0, x, x * 0.2);
    let grad = |dy| tf::where_(x > 0, dy, dy * 0.2);
    (y, grad)
}

fn main() -> Result<(), Error> {
    // x = tf.constant([-1.0, 0.0, 1.0])
    let x = tf::constant([-1.0, 0.0, 1.0]);
    // with tf.GradientTape() as tape:
    //   tape.watch(x)
    //   y = leaky_relu(x)
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = leaky_relu(&x);
    // dy_dx = tape.gradient(y, x)
    let dy_dx = tape.gradient(&y, &x)?;
    println!("y     = {y}, expected [-0.2, 0.0, 1.0]");
    println!("dy/dx = {dy_dx}, expected [0.2, 0.2, 1.0]");

    assert_eq!(dy_dx.to_vec(), [0.2, 0.2, 1.0]);
    Ok(())
}
