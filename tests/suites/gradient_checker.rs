//! The checker of gradients: `gradient_checker_v2_test`. `compute_gradient` returns two matrices, which the caller compares;
//! `check_gradients` compares by itself, in random directions, and fails.
//!
//! Left out:
//! * `testSparseTensorReshape`: there are no sparse tensors.
//! * `testBfloat16`, `testComplexMul`, `testComplexConj`: there are no such dtypes.

use gradcore::check::{CheckedOutputs, Inputs};
use gradcore::functional;
use gradcore::prelude::*;

/// The largest difference, in proportion to the gradient.
#[track_caller]
fn max_error<I: Inputs, O: CheckedOutputs>(f: impl for<'a> Fn(I::Seen<'a>) -> O, inputs: I) -> f64 {
    let report = check_gradients(f, inputs, ..).unwrap_or_else(|failed| panic!("{failed}"));
    assert!(!report.inputs.is_empty());
    report.inputs.iter().map(|input| input.error).fold(0.0, f64::max)
}

fn matrix() -> Tensor {
    tf::constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

#[test]
fn test_add_simple() {
    let (a, b) = (matrix(), tf::constant([[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]));
    assert!(max_error(|x: &Tensor| x + &b, &a) < 1e-4);
}

#[test]
fn test_with_static_shape() {
    assert!(max_error(|(a, b): (&Tensor, &Tensor)| a + b, (&matrix(), &matrix())) < 1e-4);
}

#[test]
fn test_with_arguments_as_tuple() {
    assert!(max_error(|(a, b): (&Tensor, &Tensor)| (a * b, a - b), (&matrix(), &matrix())) < 1e-4);
}

#[test]
fn test_add_customized() {
    let (a, b): (Tensor<f64>, Tensor<f64>) = (tf::cast(matrix(), tf::float64), tf::ones([2, 3]));
    assert!(max_error(|(a, b): (&Tensor<f64>, &Tensor<f64>)| a + b, (&a, &b)) < 1e-10);
}

#[test]
fn test_gather() {
    let x: Tensor = tf::constant([2.0, 3.0, 5.0, 7.0]);
    assert!(max_error(|x: &Tensor| tf::gather(x, [1, 3, 1], ..), &x) < 1e-4);
}

#[test]
fn test_nested_gather() {
    let x: Tensor = tf::constant([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0]);
    assert!(max_error(|x: &Tensor| tf::gather(tf::gather(x, [1, 3, 5, 6], ..), [0, 2], ..), &x) < 1e-4);
}

#[test]
fn test_empty_succeeds() {
    assert_eq!(max_error(|x: &Tensor| tf::identity(x), tf::zeros([0, 3])), 0.0);
}

/// No rows: there is nothing to compare, in the product and in the matrix that it does not depend on.
#[test]
fn test_empty_mat_mul() {
    let (x, y): (Tensor, Tensor) = (tf::zeros([0, 3]), tf::ones([3, 4]));
    assert_eq!(max_error(|(x, y): (&Tensor, &Tensor)| tf::matmul(x, y, ..), (&x, &y)), 0.0);
}

#[test]
fn test_empty_fails() {
    #[custom_gradient]
    fn transposed(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| tf::transpose(dy, ..))
    }
    let failed = check_gradients(transposed, tf::zeros([0, 3]), ..).expect_err("the shape is wrong").to_string();
    assert!(failed.contains("has shape [3, 0], expected [0, 3]"), "{failed}");
}

#[test]
fn test_na_n_grad_fails() {
    #[custom_gradient]
    fn nan(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| dy * f32::NAN)
    }
    assert!(check_gradients(nan, tf::constant([1.0, 2.0]), ..).is_err());
}

/// The gradient of x⁴ is checked as a function: its own is 12 x² = 48 at 2.
#[test]
fn test_grad_grad() -> Result<(), Error> {
    let slope = |x: &Tensor<f64>| functional::grad(|x: &Tensor<f64>| x * x * x * x, x).expect("a gradient");
    let x = tf::constant(2.0);
    assert_eq!(functional::grad(slope, &x)?.item(), 48.0);
    assert!(max_error(slope, &x) < 1e-8);
    Ok(())
}

/// The inputs, and for each of two layers weights and biases.
type Parameters<'a> = (&'a Tensor<f64>, &'a Tensor<f64>, &'a Tensor<f64>, &'a Tensor<f64>, &'a Tensor<f64>);

/// Two layers and a loss, by all five tensors.
#[test]
fn test_mini_mnist() {
    let tensor = |shape: &[usize], number: u64| tf::random::normal::<f64>(shape, seed(number).stddev(0.5));
    let loss = |(inputs, w, b, v, c): Parameters<'_>| {
        let hidden = tf::nn::relu(tf::matmul(inputs, w, ..) + b);
        let logits = tf::matmul(hidden, v, ..) + c;
        tf::nn::sparse_softmax_cross_entropy_with_logits([3, 0, 7], logits)
    };
    let (inputs, w, b) = (tensor(&[3, 16], 1), tensor(&[16, 32], 2), tensor(&[32], 3));
    let (v, c) = (tensor(&[32, 10], 4), tensor(&[10], 5));
    assert!(max_error(loss, (&inputs, &w, &b, &v, &c)) < 1e-8);
}
