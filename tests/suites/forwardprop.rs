//! Forward mode: `forwardprop_test`.
//!
//! Left out:
//! * `testDeadTensorsJVPCleared`, `testHVPMemory`, `testForwardOverBackwardMemoryEfficiency`: counts of Python objects.
//! * `testPushPopAccumulatorState`, `testShouldRecordAndStopRecord`, `testRecordingSelectively`: private functions; that
//!   stopping a tape leaves accumulators alone is in `tests/tape/recording.rs`.
//! * `testSpecialForwardFunctionUsed`: a rule has no tangent of its own, it is transposed.
//! * `testMirroredVariable…`, `testFunctionCacheLimited`: devices and traced functions.
//! * Convolution, and the fused batch normalisation: there are no such operations. The plain one is written out.

use gradcore::prelude::*;
use gradcore::{Unconnected, functional};

use crate::{assert_all_near, assert_near, reason};

const ZERO: UnconnectedGradients = UnconnectedGradients::Zero;

type Function<'f> = &'f dyn Fn(&Tensor<f64>) -> Tensor<f64>;

fn normal(shape: &[usize], number: u64) -> Tensor<f64> {
    tf::random::normal(shape, seed(number))
}

/// f along v, by an accumulator.
fn tangent(f: Function<'_>, x: &Tensor<f64>, v: &Tensor<f64>) -> Tensor<f64> {
    let acc = ForwardAccumulator::new(x, v).expect("the tangent has the shape of its primal");
    acc.jvp_with(f(x), unconnected_gradients(ZERO)).expect("a tangent")
}

/// The gradient of ⟨weights, f⟩, by a tape.
fn gradient(f: Function<'_>, x: &Tensor<f64>, weights: &Tensor<f64>) -> Tensor<f64> {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = f(x);
    let options = output_gradients(weights).unconnected_gradients(ZERO);
    tape.gradient_with(&y, x, options).expect("a gradient")
}

/// f along v, by four-point differences.
fn difference(f: Function<'_>, x: &Tensor<f64>, v: &Tensor<f64>) -> Tensor<f64> {
    let step = 1e-3;
    let central = |h: f64| f(&(x + v * h)) - f(&(x - v * h));
    (8.0 * central(step) - central(2.0 * step)) / (12.0 * step)
}

/// Derivatives up to an order agree by both modes, nested in every way, and by differences.
#[track_caller]
fn assert_derivatives(f: Function<'_>, x: &Tensor<f64>, order: u64) {
    let (v, weights) = (normal(x.shape(), order) * 0.1, normal(f(x).shape(), order + 10));
    let weighed = |dy: Tensor<f64>| tf::reduce_sum(dy * &weights, ..).item();
    let forward = weighed(tangent(f, x, &v));
    assert_near(tf::reduce_sum(gradient(f, x, &weights) * &v, ..).item(), forward, 1e-10);
    assert_near(weighed(difference(f, x, &v)), forward, 1e-6);
    if order > 1 {
        assert_derivatives(&|x| tangent(f, x, &v), x, order - 1);
        assert_derivatives(&|x| gradient(f, x, &weights), x, order - 1);
    }
}

#[test]
fn test_jvp_function() -> Result<(), Error> {
    let (x, y) = (tf::constant(4.0), tf::constant(5.0));
    let acc = ForwardAccumulator::new((&x, &y), (tf::constant(1.0), tf::constant(5.0)))?;
    assert_eq!(acc.jvp(&x + &y)?.item(), 6.0);
    drop(acc);
    let acc = ForwardAccumulator::new((&x, &y), (tf::constant(2.0), tf::constant(3.0)))?;
    assert_eq!(acc.jvp(&x * &y)?.item(), 22.0);
    Ok(())
}

/// TensorFlow adds up 3, 10 and 11 by a private function; here the sum of the tangents is given once.
#[test]
fn test_multiple_watches_add() -> Result<(), Error> {
    let x = tf::constant(-2.0);
    let twice = ForwardAccumulator::new((&x, &x), (tf::constant(1.0), tf::constant(2.0))).expect_err("twice the same");
    assert_eq!(twice, Error::RepeatedPrimal { first: 0, second: 1 });
    let acc = ForwardAccumulator::new(&x, tf::constant(3.0) + 10.0 + 11.0)?;
    let y = tf::constant(3.0) * &x;
    assert_eq!((acc.jvp(&x)?.item(), acc.jvp(&y)?.item()), (24.0, 72.0));
    Ok(())
}

/// An accumulator is not entered, and so not entered again: it records until it is dropped.
#[test]
fn test_reenter() -> Result<(), Error> {
    let x: Tensor = tf::constant(-2.0);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.5))?;
    let y = 4.0 * &x;
    assert_eq!((acc.jvp(&x)?.item(), acc.jvp(&y)?.item()), (1.5, 6.0));
    assert_eq!(acc.jvp(&y * &y)?.item(), -96.0);
    Ok(())
}

#[test]
fn test_jvp_manual() -> Result<(), Error> {
    let x = tf::constant(0.1f64);
    let acc = ForwardAccumulator::new(&x, tf::constant(0.2f64))?;
    assert_near(acc.jvp(tf::sin(&x))?.item(), 0.2 * 0.1f64.cos(), 1e-15);
    Ok(())
}

#[test]
fn test_numeric_higher_order() {
    let f = |x: &Tensor<f64>| {
        let pointwise = tf::sin(x) * tf::tan(x);
        tf::reduce_prod(&pointwise + tf::reduce_sum(&pointwise, ..), 1)
    };
    assert_derivatives(&f, &tf::constant([[2.0, 3.0], [1.0, 4.0]]), 3);
}

/// sin of numbers that no tape sees.
#[custom_gradient]
fn opaque_sin(x: &Tensor<f64>) -> Tensor<f64> {
    let values = x.to_vec().into_iter().map(f64::sin).collect();
    let y = Tensor::from_vec(x.shape(), values).expect("the shape of x");
    (y, |dy| dy * tf::cos(x))
}

#[test]
fn test_custom_gradient() {
    assert_derivatives(&|x| opaque_sin(x), &tf::constant([1.0, 2.0, 3.0]), 3);
}

/// TensorFlow 2.21 raises `NotImplementedError`.
#[test]
fn test_custom_gradient_recompute_grad() {
    let f = |x: &Tensor<f64>| tf::reduce_prod(tf::square(tf::tanh(x)), ..);
    assert_derivatives(&|x| tf::recompute_grad(f)(x), &tf::constant([1.0, 2.0]), 3);
}

#[test]
fn test_exception_in_custom_gradient_not_swallowed() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let grad = |_: &Tensor| -> Result<Tensor, &str> { Err("test_error_string") };
        (x, grad)
    }
    let x = tf::constant(1.0);
    let acc = ForwardAccumulator::new(&x, tf::constant(2.0))?;
    let error = acc.jvp(f(&x)).expect_err("the rule fails").to_string();
    assert!(error.ends_with("failed: test_error_string"), "{error}");
    Ok(())
}

#[test]
fn test_elementwise_nn_ops() {
    let x = tf::constant([[0.5, -0.5]]);
    assert_derivatives(&|x| tf::nn::elu(x), &x, 3);
    assert_derivatives(&|x| tf::nn::swish(x), &x, 3);
}

#[test]
fn test_keras_layers() {
    let (w, b) = (normal(&[3, 4], 1), normal(&[4], 2));
    let dense = |x: &Tensor<f64>| tf::tanh(tf::matmul(x, &w, ..) + &b);
    assert_derivatives(&dense, &normal(&[2, 3], 3), 2);
}

#[test]
fn test_batch_norm() {
    fn normalised(x: &Tensor<f64>, scale: &Tensor<f64>, offset: &Tensor<f64>) -> Tensor<f64> {
        let centred = x - tf::reduce_mean(x, axis(0).keepdims(true));
        let variance = tf::reduce_mean(tf::square(&centred), axis(0).keepdims(true));
        centred / tf::sqrt(variance + 1e-3) * scale + offset
    }
    let (x, scale, offset) = (normal(&[4, 3], 1), normal(&[3], 2), normal(&[3], 3));
    assert_derivatives(&|x| normalised(x, &scale, &offset), &x, 2);
    assert_derivatives(&|scale| normalised(&x, scale, &offset), &scale, 2);
    assert_derivatives(&|offset| normalised(&x, &scale, offset), &offset, 2);
}

/// Products with the Hessian of a model's loss by its weights: forward over backward, and backward over backward.
#[test]
fn test_variables_hvp() -> Result<(), Error> {
    let weights = [&[3, 4][..], &[4], &[4, 2]].map(|shape| Variable::new(normal(shape, 1)));
    let vectors = [&[3, 4][..], &[4], &[4, 2]].map(|shape| normal(shape, 2));
    let x = normal(&[5, 3], 3);
    let loss = || {
        let hidden = tf::tanh(tf::matmul(&x, &weights[0], ..) + &weights[1]);
        tf::reduce_sum(tf::square(tf::matmul(hidden, &weights[2], ..)), ..)
    };
    let acc = ForwardAccumulator::new(&weights, &vectors)?;
    let tape = GradientTape::new();
    let y = loss();
    let forward_over_back = acc.jvp(tape.gradient(&y, &weights)?)?;
    drop(acc);

    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    let y = loss();
    let first = inner.gradient(&y, &weights)?;
    let back_over_back = outer.gradient_with(&first, &weights, output_gradients(&vectors))?;
    for (forward, back) in forward_over_back.iter().zip(back_over_back) {
        assert_all_near(forward, &back.to_vec(), 1e-12);
    }
    Ok(())
}

/// x^3.5 at 1.1 and its derivatives.
#[test]
fn test_higher_order_pure_forward() -> Result<(), Error> {
    let (x, one) = (tf::constant(1.1f64), tf::constant(1.0f64));
    let third = ForwardAccumulator::new(&x, &one)?;
    let second = ForwardAccumulator::new(&x, &one)?;
    let first = ForwardAccumulator::new(&x, &one)?;
    let y = tf::pow(&x, 3.5);
    let slope = first.jvp(&y)?;
    let bend = second.jvp(&slope)?;
    let found = [y.item(), slope.item(), bend.item(), third.jvp(&bend)?.item()];
    let expected = [1.395_964, 4.441_705, 10.094_785, 13.765_616];
    found.into_iter().zip(expected).for_each(|(found, expected)| assert_near(found, expected, 1e-6));
    Ok(())
}

/// The outer accumulator sees what the inner one computes, and not the other way round.
#[test]
fn test_grad_pure_forward() -> Result<(), Error> {
    let (x, one) = (tf::constant(1.1), tf::constant(1.0));
    let outer = ForwardAccumulator::new(&x, &one)?;
    let inner = ForwardAccumulator::new(&x, &one)?;
    let y = tf::pow(&x, 3.5);
    let slope = inner.jvp(&y)?;
    assert_near(outer.jvp(&slope)?.item(), 3.5 * 2.5 * 1.1f64.powf(1.5), 1e-6);
    reason(inner.jvp(outer.jvp(&y)?));
    Ok(())
}

/// The tangent of the inner accumulator is a primal of the outer one.
#[test]
fn test_jvp_packing() -> Result<(), Error> {
    let (x, of_inner): (Tensor, Tensor) = (tf::constant(1.0), tf::constant(3.0));
    let outer = ForwardAccumulator::new((&x, &of_inner), (tf::constant(2.0), tf::constant(4.0)))?;
    let inner = ForwardAccumulator::new(&x, &of_inner)?;
    let y = 2.0 * &x;
    let slope = inner.jvp(&y)?;
    assert_eq!([slope.item(), outer.jvp(&y)?.item(), outer.jvp(&slope)?.item()], [6.0, 4.0, 8.0]);
    Ok(())
}

/// x xᵀ moves by v xᵀ + x vᵀ, twice under one accumulator.
#[test]
fn test_reusing_jvp() -> Result<(), Error> {
    let [a, b, of_a, of_b] = [1, 2, 3, 4].map(|number| normal(&[6, 5], number));
    let product = |x: &Tensor<f64>, y: &Tensor<f64>| tf::matmul(x, y, transpose_b(true));
    let acc = ForwardAccumulator::new([&a, &b], [&of_a, &of_b])?;
    for (x, v) in [(&a, &of_a), (&b, &of_b)] {
        let found = acc.jvp(product(x, x))?;
        assert_all_near(&found, &(product(v, x) + product(x, v)).to_vec(), 1e-12);
    }
    Ok(())
}

/// Π tanh² x at [1, 2, 3] along [3, 4, 5].
#[test]
fn test_hvp_correctness() -> Result<(), Error> {
    let f = |x: &Tensor<f64>| tf::reduce_prod(tf::square(tf::tanh(x)), ..);
    let (x, v) = (tf::constant([1.0, 2.0, 3.0]), tf::constant([3.0, 4.0, 5.0]));
    let forward_over_back = tangent(&|x| gradient(&f, x, &tf::constant(1.0)), &x, &v);
    let back_over_back = gradient(&|x| gradient(&f, x, &tf::constant(1.0)), &x, &v);
    let back_over_forward = gradient(&|x| tangent(&f, x, &v), &x, &tf::constant(1.0));
    for other in [back_over_back, back_over_forward, functional::hvp(f, &x, &v)?] {
        assert_all_near(&other, &forward_over_back.to_vec(), 1e-12);
    }
    let numeric = difference(&|x| gradient(&f, x, &tf::constant(1.0)), &x, &(&v * 0.1)) * 10.0;
    assert_all_near(&forward_over_back, &numeric.to_vec(), 1e-8);
    Ok(())
}

#[test]
fn test_op_with_no_trainable_outputs() -> Result<(), Error> {
    let mut v: Variable = Variable::new(1.0);
    let _acc = ForwardAccumulator::new(&v, tf::constant(11.0))?;
    v.assign_sub(0.5)?;
    assert_eq!(v.item(), 0.5);
    Ok(())
}

#[test]
fn test_variable_read_in_function() -> Result<(), Error> {
    let v: Variable = Variable::new(1.0);
    let acc = ForwardAccumulator::new(&v, tf::constant(11.0))?;
    let read = |v: &Variable| v.value();
    assert_eq!((acc.jvp(read(&v))?.item(), acc.jvp(&v * &v)?.item()), (11.0, 22.0));
    Ok(())
}

#[test]
fn test_backward_over_forward() -> Result<(), Error> {
    let x = tf::constant(1.0f64);
    let tape = GradientTape::new();
    tape.watch(&x);
    let acc = ForwardAccumulator::new(&x, tf::constant(0.1f64))?;
    let tangent = acc.jvp(tf::cos(&x))?;
    assert_near(tangent.item(), -0.1 * 1f64.sin(), 1e-15);
    assert_near(tape.gradient(&tangent, &x)?.item(), -0.1 * 1f64.cos(), 1e-15);
    Ok(())
}

#[test]
fn test_variable_watched() -> Result<(), Error> {
    let v: Variable = Variable::new([1.0, 2.0, 3.0]);
    let acc = ForwardAccumulator::new(&v, tf::constant([0.1, -0.2, 0.3]))?;
    assert_eq!(acc.jvp(&v)?.to_vec(), [0.1, -0.2, 0.3]);
    assert_eq!(acc.jvp(&v * 2.0)?.to_vec(), [0.2, -0.4, 0.6]);
    assert_eq!(acc.jvp(&v + 0.1)?.to_vec(), [0.1, -0.2, 0.3]);
    Ok(())
}

#[test]
fn test_unconnected_gradients() -> Result<(), Error> {
    let (x, y) = (tf::constant(-1.0), tf::constant(3.0));
    let acc = ForwardAccumulator::new(&x, tf::constant(0.1))?;
    assert_eq!(acc.jvp_with(&x, unconnected_gradients(ZERO))?.item(), 0.1);
    assert_eq!(acc.jvp(&x)?.item(), 0.1);
    assert_eq!(acc.jvp_with(&y, unconnected_gradients(ZERO))?.item(), 0.0);
    assert_eq!(reason(acc.jvp(&y)), Unconnected::BeforeAccumulator);
    Ok(())
}

#[test]
fn test_argument_unused() -> Result<(), Error> {
    fn f(_x: &Tensor) -> Tensor {
        tf::constant(1.0)
    }
    let x = tf::constant(1.0);
    let acc = ForwardAccumulator::new(&x, tf::constant(11.0))?;
    assert_eq!(reason(acc.jvp(f(&x))), Unconnected::NoTangent { cuts: vec![] });
    Ok(())
}

/// Ten steps of a loop, and both sides of a condition.
#[test]
fn test_in_loops_and_conditions() -> Result<(), Error> {
    let x = tf::constant(1.0);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let sum = (0..10).fold(tf::constant(0.0), |sum, _| sum + &x);
    assert_eq!(acc.jvp(&sum)?.item(), 10.0);
    let either = |x: &Tensor| if x.item() > 0.0 { 3.0 * x } else { tf::zeros_like(x) };
    assert_eq!(acc.jvp(either(&x))?.item(), 3.0);
    assert_eq!(acc.jvp_with(either(&-&x), unconnected_gradients(ZERO))?.item(), 0.0);
    Ok(())
}

/// The Hessian of xᵀ M x, a column for each direction.
#[test]
fn test_hessian_1d() {
    let (m, x) = (normal(&[4, 4], 1), normal(&[4, 1], 2));
    let f = |x: &Tensor<f64>| tf::matmul(tf::transpose(x, ..), tf::matmul(&m, x, ..), ..);
    let slope = |x: &Tensor<f64>| gradient(&f, x, &tf::ones([1, 1]));
    let direction = |k: i64| tf::reshape(tf::one_hot(k, 4), [4, 1]);
    let columns: Vec<Tensor<f64>> = (0..4).map(|k| tangent(&slope, &x, &direction(k))).collect();
    assert_all_near(&tf::concat(&columns, 1), &(&m + tf::transpose(&m, ..)).to_vec(), 1e-12);
}

/// The Hessian of a loss by three weights, which is symmetric.
#[test]
fn test_hessian_of_variables() -> Result<(), Error> {
    let w: Variable<f64> = Variable::new(normal(&[3], 1));
    let x = normal(&[5, 3], 2);
    let column = |k: i64| -> Result<Tensor<f64>, Error> {
        let acc = ForwardAccumulator::new(&w, tf::one_hot::<f64>(k, 3))?;
        let tape = GradientTape::new();
        let loss = tf::reduce_mean(tf::square(tf::tanh(tf::reduce_sum(&x * &w, 1))), ..);
        acc.jvp(tape.gradient(&loss, &w)?)
    };
    let hessian = tf::stack([column(0)?, column(1)?, column(2)?], 1);
    assert_eq!(hessian.shape(), [3, 3]);
    assert_all_near(&hessian, &tf::transpose(&hessian, ..).to_vec(), 1e-12);
    Ok(())
}
