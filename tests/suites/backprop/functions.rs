//! Gradients of functions: `gradients_function`, `implicit_grad` and `make_vjp`.

use gradcore::prelude::*;
use gradcore::{Unconnected, functional};

use crate::{assert_near, derivative, reason, watched};

#[test]
fn test_where_gradient() -> Result<(), Error> {
    let f = |x: &Tensor| tf::where_(tf::less(x, 10.0), x, x * x);
    assert_eq!(derivative(f, &tf::constant(5.0))?.item(), 1.0);
    assert_eq!(derivative(f, &tf::constant(50.0))?.item(), 100.0);
    Ok(())
}

#[test]
fn test_dy() -> Result<(), Error> {
    let (x, tape) = watched(1.0);
    assert_eq!(tape.gradient_with(&x, &x, output_gradients(tf::constant(2.0)))?.item(), 2.0);
    Ok(())
}

/// Python's `max` of variables returns one of them.
#[test]
fn test_python_max() -> Result<(), Error> {
    let x: [Variable; 3] = [2.0, 3.0, 5.0].map(Variable::new);
    let tape = GradientTape::persistent();
    let y = x.iter().max_by(|a, b| a.item().total_cmp(&b.item())).expect("three variables").value();
    assert_eq!(tape.gradient(&y, &x[2])?.item(), 1.0);
    for other in &x[..2] {
        assert_eq!(reason(tape.gradient(&y, other)), Unconnected::NotRead);
    }
    Ok(())
}

/// The loss of two equal logits.
#[test]
fn test_gradient_none() -> Result<(), Error> {
    let loss =
        |logits: &Tensor| tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits([0], logits), axis(0));
    assert_eq!(derivative(loss, &tf::constant([[0.0, 0.0]]))?.to_vec(), [-0.5, 0.5]);
    Ok(())
}

/// What stops a gradient, and what it is called.
#[track_caller]
fn assert_stopped(name: &str, f: impl Fn(&Tensor) -> Tensor) {
    let Unconnected::Stopped { by } = reason(derivative(f, &tf::constant([0.0]))) else { panic!("expected a stop") };
    assert!(by[0].starts_with(&format!("`{name}` at tests/suites/backprop/functions.rs:")), "{by:?}");
}

#[test]
fn test_stop_gradient() {
    assert_stopped("argmax", |x| tf::cast(tf::stop_gradient(tf::argmax(x, 0)), tf::float32));
    assert_stopped("stop_gradient", |x| tf::stop_gradient(x));
}

#[test]
fn test_argmax() {
    assert_stopped("argmax", |x| tf::cast(tf::argmax(x, 0), tf::float32));
}

#[test]
fn test_cpu() -> Result<(), Error> {
    assert_eq!(derivative(|x| x + tf::constant(2.0) + tf::constant(3.0), &tf::constant(1.0))?.item(), 1.0);
    Ok(())
}

#[test]
fn test_empty_params() -> Result<(), Error> {
    let (a, b) = (tf::constant(1.0), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let y = &a * &b;
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.item(), db.item()), (2.0, 1.0));
    Ok(())
}

/// A rule that returns too few gradients is named. Where their number is in a type, it is a compile error:
/// `tests/ui/gradients/missing.rs`.
#[test]
fn test_invalid_record_operation_message() {
    #[custom_gradient]
    fn invalid_backprop(xs: &[Tensor]) -> Tensor {
        (&xs[0] * &xs[1], |dy| vec![dy.clone()])
    }
    let x = [tf::constant(1.0), tf::constant(2.0)];
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = invalid_backprop(&x);
    match tape.gradient(&y, &x) {
        Err(Error::GradientCount { call, parameter, expected, found, .. }) => {
            assert_eq!((call.function, &parameter[..], expected, found), ("invalid_backprop", "xs", 2, 1));
        }
        other => panic!("expected too few gradients, found {other:?}"),
    }
}

#[test]
fn test_args_gradient_function() -> Result<(), Error> {
    assert_eq!(derivative(|x| x * x, &tf::constant(1.0))?.item(), 2.0);
    Ok(())
}

#[test]
fn test_partial() -> Result<(), Error> {
    let two = tf::constant(2.0);
    assert_eq!(derivative(|x| &two * x, &tf::constant(1.0))?.item(), 2.0);
    Ok(())
}

#[test]
fn test_return_same_thing() -> Result<(), Error> {
    let (x, tape) = watched(1.0);
    let doubled = 2.0 * &x;
    assert_eq!(tape.gradient([&x, &doubled], &x)?.item(), 3.0);
    Ok(())
}

#[test]
fn test_output() -> Result<(), Error> {
    let x = tf::constant([0.0, 1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let targets = (&x + 2.0, &x * &x);
    assert_eq!(tape.gradient(&targets, &x)?.to_vec(), [1.0, 3.0, 5.0]);
    Ok(())
}

/// TensorFlow convolves an image of one pixel, which is a product of its channels with the kernel.
#[test]
fn test_multi_value_preserves_if_not_diffed_against() -> Result<(), Error> {
    let kernel: Tensor = tf::constant([[[[2.0]]]]);
    let dx = derivative(|image| tf::matmul(image, &kernel, ..), &tf::constant([[[[1.0]]]]))?;
    assert_eq!((dx.shape(), dx.to_vec()), (&[1, 1, 1, 1][..], vec![2.0]));
    Ok(())
}

/// Equal numbers are different tensors.
#[test]
fn test_differentiating_scalar_cache() -> Result<(), Error> {
    let (x, tape) = watched(0.0);
    assert_eq!(tape.gradient(&x + tf::constant(0.0), &x)?.item(), 1.0);
    Ok(())
}

#[test]
fn test_variables_and_constants_produce_the_same_gradients() -> Result<(), Error> {
    fn gradients(a: &Tensor, b: &Tensor, tape: GradientTape) -> Result<[f32; 2], Error> {
        tape.watch((a, b));
        let targets = (a * a * a, b * b);
        Ok(tape.gradient(&targets, [a, b])?.map(|d| d.item()))
    }
    let (a, b) = (tf::constant(2.0), tf::constant(2.0));
    let (v, w): (Variable, Variable) = (Variable::new(2.0), Variable::new(2.0));
    assert_eq!(gradients(&a, &b, GradientTape::new())?, [12.0, 4.0]);
    assert_eq!(gradients(&v, &w, GradientTape::new())?, [12.0, 4.0]);
    Ok(())
}

#[test]
fn test_no_op_behavior_consistent() -> Result<(), Error> {
    let x = tf::constant(10.0);
    let others = [tf::identity(&x), &x + 0.0, &x - 0.0, &x * 1.0];
    let tape = GradientTape::new();
    tape.watch((&x, &others));
    let loss = others.iter().fold(&x * 2.0, |loss, other| loss + other * 3.0);
    let (dx, of_others) = tape.gradient(&loss, (&x, &others))?;
    assert_eq!((dx.item(), of_others.map(|d| d.item())), (2.0, [3.0; 4]));
    Ok(())
}

/// Rows looked up three times and the whole: sums of sparse and dense gradients in TensorFlow, all dense here.
#[test]
fn test_aggregate_gradients() -> Result<(), Error> {
    let var: Variable<f64> = Variable::new(tf::random::normal([4, 3], seed(1)));
    let tape = GradientTape::new();
    let [g1, g2, g3] = [[0, 1], [2, 3], [1, 3]].map(|rows| tf::gather(&var, rows, ..));
    let g4 = tf::reduce_sum(&var * 2.0, [0, 1]);
    let y = &g1 * &g2 * &g3 * &g4;
    let found = tape.gradient(&y, &var)?;
    assert_eq!(found.shape(), [4, 3]);

    // By hand: each product without one factor goes to the rows of that factor.
    let product = |a: &Tensor<f64>, b: &Tensor<f64>| (a * b * &g4).to_vec();
    let mut expected = [[0.0; 3]; 4];
    let parts = [([0, 1], product(&g2, &g3)), ([2, 3], product(&g1, &g3)), ([1, 3], product(&g1, &g2))];
    for (rows, part) in parts {
        rows.iter().zip(part.chunks(3)).for_each(|(&row, part)| (0..3).for_each(|k| expected[row][k] += part[k]));
    }
    let whole = 2.0 * tf::reduce_sum(&g1 * &g2 * &g3, ..).item();
    for (found, expected) in found.to_vec().into_iter().zip(expected.concat()) {
        assert_near(found, expected + whole, 1e-12);
    }
    Ok(())
}

#[test]
fn test_aggregate_gradients_with_tensor() -> Result<(), Error> {
    let var: Tensor = tf::constant([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    let tape = GradientTape::new();
    tape.watch(&var);
    let y = tf::gather(&var, [0, 1], ..) * tf::reduce_sum(&var * 2.0, [0, 1]);
    // y sums to 2 s² with s = 15, the sum of all; its derivative is 4 s.
    assert_eq!(tape.gradient(&y, &var)?.to_vec(), [60.0; 6]);
    Ok(())
}

#[test]
fn test_implicit_grad_over_embedding_lookup() -> Result<(), Error> {
    let initial: Tensor = tf::random::uniform([1000, 16], seed(1));
    let mut embedding: Variable = Variable::new(&initial);
    let tape = GradientTape::new();
    let y = 1.0 - tf::gather(&embedding, tf::ones::<i64>([8]), ..);
    let gradient = tape.gradient(&y, &embedding)?;
    optimizers::Sgd::new(0.1).apply_gradients([(gradient, &mut embedding)])?;
    let moved = (&*embedding - &initial).to_vec();
    for (place, moved) in moved.into_iter().enumerate() {
        assert_near(moved, if place / 16 == 1 { 0.8 } else { 0.0 }, 1e-6);
    }
    Ok(())
}

#[test]
fn test_function_indexed_slices_gradient() -> Result<(), Error> {
    let dx = derivative(|x| tf::gather(x, [0], ..), &tf::constant([1.0]))?;
    assert_eq!(dx.to_vec(), [1.0]);
    Ok(())
}

#[test]
fn test_mul_type() -> Result<(), Error> {
    assert_eq!(derivative(|x| x * x, &tf::constant(3.0))?.item(), 6.0);
    Ok(())
}

#[test]
fn test_multi_value_convert_to_tensor() -> Result<(), Error> {
    let x: Variable = Variable::new([0.0]);
    let tape = GradientTape::new();
    let y = tf::cast(&x, tf::float32) + tf::constant([1.0]);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [1.0]);
    Ok(())
}

#[test]
fn test_implicit_grad_with_resource_variable() -> Result<(), Error> {
    let x: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let y = x.value() + tf::constant(2.0) + tf::constant(3.0);
    assert_eq!(tape.gradient(&y, &x)?.item(), 1.0);
    Ok(())
}

#[test]
fn test_make_vjp() -> Result<(), Error> {
    let (y, pullback) = functional::vjp(|x: &Tensor| x * x, tf::constant(3.0))?;
    assert_eq!((y.item(), pullback.apply(tf::constant(2.0))?.item()), (9.0, 12.0));
    Ok(())
}

#[test]
fn test_persistent_make_vjp() -> Result<(), Error> {
    let (_, pullback) = functional::vjp(|x: &Tensor| x * x, tf::constant(3.0))?;
    for _ in 0..2 {
        assert_eq!(pullback.apply(tf::constant(2.0))?.item(), 12.0);
    }
    Ok(())
}

/// x² y at (2, 3), with its value.
#[test]
fn test_value_and_grad_function() -> Result<(), Error> {
    let f = |(x, y): (&Tensor, &Tensor)| x * x * y;
    let (value, (dx, dy)) = functional::value_and_grad(f, (tf::constant(2.0), tf::constant(3.0)))?;
    assert_eq!((value.item(), dx.item(), dy.item()), (12.0, 12.0, 4.0));
    Ok(())
}

/// The two places are independent; on a tape the one tensor gets the sum.
#[test]
fn test_same_object_for_multiple_arguments() -> Result<(), Error> {
    let x = tf::constant(1.0);
    let (first, second) = functional::grad(|(x, y): (&Tensor, &Tensor)| x * y, (&x, &x))?;
    assert_eq!((first.item(), second.item()), (1.0, 1.0));
    assert_eq!(derivative(|x| x * x, &x)?.item(), 2.0);
    Ok(())
}
