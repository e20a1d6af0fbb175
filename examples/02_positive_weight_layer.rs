//! Lesson 2: a layer that reads its weight, and gives it a gradient.
//!
//! Expected, for the sum of the outputs: the gradient of the inputs is 1.5 in each row, that of the weight
//! `[[6.0, 0.0, 6.0]]`. For the sum of their squares, 17.5: `[[2.5], [5.0], [7.5]]` and `[[14.0, 0.0, 28.0]]`.
//!
//! The TensorFlow snippet that this lesson follows cannot run. What was wrong with it:
//!
//! 1. the forward product multiplied the inputs by a weight of another shape, and failed at the first call;
//! 2. the weight was read without `variables`, which TensorFlow refuses (here: a panic that says what to list);
//! 3. the gradient of the weight was transposed (here: an error that names `self.w` and both shapes);
//! 4. the gradient of the weight was not in a list (here: a tuple, whose length the compiler checks);
//! 5. the inputs got `None`, so that nothing below the layer would have learned, in silence.
//!
//! And the idea itself: the rule is relu's own derivative, so it keeps no weight positive.

use gradcore::prelude::*;

// class PositiveWeightLayer(tf.keras.layers.Layer):
//   @tf.custom_gradient
//   def call(self, inputs):
//     w_pos = tf.nn.relu(self.w)
//     def grad(dy, variables=None):
//       dw = tf.matmul(inputs, dy, transpose_a=True)
//       dx = tf.matmul(dy, w_pos, transpose_b=True)
//       return dx, [tf.where(w_pos > 0, dw, 0)]
//     return tf.matmul(inputs, w_pos), grad

struct PositiveWeightLayer {
    w: Variable,
}

impl PositiveWeightLayer {
    #[custom_gradient(variables(self.w))]
    fn call(&self, inputs: &Tensor) -> Tensor {
        let w_pos = tf::nn::relu(&self.w);
        let grad = |dy| {
            let dw = tf::matmul(inputs, dy, transpose_a(true));
            let dx = tf::matmul(dy, &w_pos, transpose_b(true));
            (dx, tf::where_(&w_pos > 0, dw, 0.0))
        };
        (tf::matmul(inputs, &w_pos, ..), grad)
    }
}

fn main() -> Result<(), Error> {
    let layer = PositiveWeightLayer { w: Variable::new([[0.5, -0.25, 1.0]]).named("w") };
    let inputs = tf::constant([[1.0], [2.0], [3.0]]);
    let tape = GradientTape::persistent();
    tape.watch(&inputs);
    let outputs = layer.call(&inputs);
    let squares = tf::reduce_sum(tf::square(&outputs), ..);

    let (dx, dw) = tape.gradient(&outputs, (&inputs, &layer.w))?;
    println!("outputs\n{outputs}\nexpected\n[[0.5, 0.0, 1.0],\n [1.0, 0.0, 2.0],\n [1.5, 0.0, 3.0]]\n");
    println!("of their sum:     dw = {dw}, expected [[6.0, 0.0, 6.0]]");
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![1.5; 3], vec![6.0, 0.0, 6.0]));

    let (dx, dw) = tape.gradient(&squares, (&inputs, &layer.w))?;
    println!("of their squares: dw = {dw}, expected [[14.0, 0.0, 28.0]]; the sum is {squares}, expected 17.5");
    assert_eq!((dx.to_vec(), dw.to_vec()), (vec![2.5, 5.0, 7.5], vec![14.0, 0.0, 28.0]));
    Ok(())
}
