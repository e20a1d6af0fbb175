//! Three programs of a tutorial, ported line by line.

use gradcore::prelude::*;

use crate::records::assert_row;

/// Row 5a.
#[test]
fn leaky_relu() -> Result<(), Error> {
    #[custom_gradient]
    fn leaky_relu(x: &Tensor) -> Tensor {
        let y = tf::where_(x > 0.0, x, x * 0.2);
        let grad = |dy| tf::where_(x > 0.0, dy, dy * 0.2);
        (y, grad)
    }
    let x = tf::constant([-1.0, 0.0, 1.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = leaky_relu(&x);
    let dy_dx = tape.gradient(&y, &x)?;
    assert_row("5a leaky_relu", [Ok(y), Ok(dy_dx)]);
    Ok(())
}

struct PositiveWeightLayer {
    w: Variable,
}

impl PositiveWeightLayer {
    #[custom_gradient(variables(self.w))]
    fn call(&self, inputs: &Tensor) -> Tensor {
        let w_pos = tf::nn::relu(&self.w);
        let grad = |dy| {
            let dw = tf::matmul(inputs, dy, transpose_a(true));
            (tf::matmul(dy, w_pos, transpose_b(true)), tf::where_(w_pos > 0.0, dw, 0.0))
        };
        (tf::matmul(inputs, w_pos, ..), grad)
    }
}

/// Row 5b, in the form that lists its variable.
#[test]
fn positive_weight_layer() -> Result<(), Error> {
    let layer = PositiveWeightLayer { w: Variable::new([[0.5, -0.25, 1.0]]) };
    let inputs = tf::constant([[1.0], [2.0], [3.0]]);
    let losses: [fn(&Tensor) -> Tensor; 2] = [|y| tf::reduce_sum(y, ..), |y| tf::reduce_sum(y * y, ..)];
    let results = losses.map(|loss| {
        let tape = GradientTape::new();
        tape.watch(&inputs);
        let out = layer.call(&inputs);
        let target = loss(&out);
        let (dx, dw) = tape.gradient(&target, (&inputs, &layer.w))?;
        Ok::<_, Error>([out, target, dx, dw])
    });
    let [sum, squares] = results;
    let results: [Tensor; 8] = [sum?, squares?].concat().try_into().expect("four for each loss");
    assert_row("5b PositiveWeightLayer", results.map(Ok));
    Ok(())
}

/// Row 5c.
#[test]
fn quantize() -> Result<(), Error> {
    #[custom_gradient]
    fn quantize(x: &Tensor) -> Tensor {
        let grad = |dy| dy;
        (tf::round(x), grad)
    }
    let x = tf::constant([1.2, 2.7, 3.5, 0.5, 1.5, 2.5, -0.5, -1.5]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = quantize(&x);
    let dy_dx = tape.gradient(&y, &x)?;

    let x = tf::constant([1.2, 2.5]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let q = quantize(&x);
    let of_square = tape.gradient(&q * &q, &x)?;
    assert_row("5c quantize", [Ok(y), Ok(dy_dx), Ok(of_square)]);
    Ok(())
}
