//! Gradients of graphs: `gradients_test`, whose `tf.gradients` is a tape here.
//!
//! Left out: `testBoundary…`, `testColocate…`, sessions, `Defun`, tensor lists and `cond` on resources, which are graphs;
//! `testOnlyRealGradients…`, for there are no complex dtypes; `testHessianInvalidDimension`, for here a Hessian is taken
//! of a tensor of any shape. There is no `stop_gradients` argument: `tf::stop_gradient` stands for it.

use gradcore::functional;
use gradcore::prelude::*;

use crate::{assert_all_near, derivative, reason, watched};

fn normal<const N: usize>(shape: [usize; N], number: u64) -> Tensor<f64> {
    tf::random::normal(shape, seed(number))
}

/// x² and x⁸ at 3: 2 x + 8 x⁷.
#[test]
fn test_dependent_ys() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = tf::square(&x);
    let z = tf::square(tf::square(&y));
    assert_eq!(tape.gradient([&y, &z], &x)?.item(), 17502.0);
    assert_eq!(tape.gradient(&y + &z, &x)?.item(), 17502.0);
    assert_eq!(tape.gradient([tf::identity(&y), tf::identity(&z)], &x)?.item(), 17502.0);
    Ok(())
}

#[test]
fn test_partial_derivatives() -> Result<(), Error> {
    let (x, tape) = watched(1.0);
    let y = 2.0 * &x;
    let z = &x + &y;
    assert_eq!(tape.gradient(&z, [&x, &y])?.map(|d| d.item()), [3.0, 1.0]);
    let (x, tape) = watched(1.0);
    let y = tf::stop_gradient(2.0 * &x);
    tape.watch(&y);
    let z = &x + &y;
    assert_eq!(tape.gradient(&z, [&x, &y])?.map(|d| d.item()), [1.0, 1.0]);
    Ok(())
}

/// Ten uses of 2 x, whether they are added at once or one by one.
#[test]
fn test_aggregation_method() -> Result<(), Error> {
    for sum in [|y: &Tensor| tf::add_n([y; 10]), |y: &Tensor| (1..10).fold(y.clone(), |sum, _| sum + y)] {
        let (x, tape) = watched(1.0);
        let y = 2.0 * &x;
        let z = sum(&y);
        assert_eq!(tape.gradient(&z, [&x, &y])?.map(|d| d.item()), [20.0, 10.0]);
    }
    Ok(())
}

/// x² + b at (2, 1), and its square.
#[test]
fn test_function_gradients() -> Result<(), Error> {
    let (x, b) = (tf::constant(2.0), tf::constant(1.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &b));
    let y = &x * &x + &b;
    assert_eq!(tape.gradient(&y, [&x, &b])?.map(|d| d.item()), [4.0, 1.0]);
    assert_eq!(tape.gradient(&y * &y, [&x, &b])?.map(|d| d.item()), [40.0, 10.0]);
    Ok(())
}

/// b = A₁ a, c = A₂ a + B₂ b, d = B₃ b + C₃ c, where any of a, b and c may be stopped.
#[test]
fn test_stop_gradients() -> Result<(), Error> {
    let [a1, a2, b2, b3, c3] = [1, 2, 3, 4, 5].map(|number| normal([3, 3], number));
    let back = |matrix: &Tensor<f64>, upstream: &Tensor<f64>| tf::matmul(matrix, upstream, transpose_a(true));
    for stopped in 0..8u8 {
        let is_stopped = |place: u8| stopped >> place & 1 == 1;
        let tape = GradientTape::new();
        let source = |x: Tensor<f64>, place: u8| {
            let x = if is_stopped(place) { tf::stop_gradient(x) } else { x };
            tape.watch(&x);
            x
        };
        let a = source(normal([3, 1], 6), 0);
        let b = source(tf::matmul(&a1, &a, ..), 1);
        let c = source(tf::matmul(&a2, &a, ..) + tf::matmul(&b2, &b, ..), 2);
        let d = tf::matmul(&b3, &b, ..) + tf::matmul(&c3, &c, ..);
        let found = tape.gradient_with(&d, [&a, &b, &c], unconnected_gradients(UnconnectedGradients::Zero))?;

        let passed = |place: u8, gradient: Tensor<f64>| if is_stopped(place) { gradient * 0.0 } else { gradient };
        let dc = back(&c3, &tf::ones([3, 1]));
        let db = back(&b3, &tf::ones([3, 1])) + passed(2, back(&b2, &dc));
        let da = passed(1, back(&a1, &db)) + passed(2, back(&a2, &dc));
        for (found, expected) in found.iter().zip([da, db, dc]) {
            assert_all_near(found, &expected.to_vec(), 1e-12);
        }
    }
    Ok(())
}

#[test]
fn test_unconnected_gradients_none_unconnected_gradients() {
    let (x, y) = (tf::constant(1.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    assert_eq!(reason(tape.gradient(&y * 3.0, &x)), gradcore::Unconnected::NoPath { cuts: vec![] });
}

#[test]
fn test_unconnected_gradients_zero_unconnected_gradients() -> Result<(), Error> {
    let (x, y): (Tensor, Tensor) = (tf::ones([2, 2]), tf::ones([3, 1]));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let dx = tape.gradient_with(&y * 3.0, &x, unconnected_gradients(UnconnectedGradients::Zero))?;
    assert_eq!((dx.shape(), dx.to_vec()), (&[2, 2][..], vec![0.0; 4]));
    Ok(())
}

/// (x, 2x), by one call.
#[custom_gradient]
fn both(x: &Tensor) -> (Tensor, Tensor) {
    ((x * 1.0, x * 2.0), |da, db| da + 2.0 * db)
}

#[test]
fn test_unconnected_op_with_multiple_outputs() -> Result<(), Error> {
    let (x, y) = (tf::constant(1.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &y));
    let (a, _) = both(&x);
    assert!(tape.gradient(&a, &y).is_err());
    let zeros = unconnected_gradients(UnconnectedGradients::Zero);
    let (dx, dy) = tape.gradient_with(&a, (&x, &y), zeros)?;
    assert_eq!((dx.item(), dy.item()), (1.0, 0.0));
    Ok(())
}

#[test]
fn test_unconnected_op_with_multiple_outputs_stop_gradient() -> Result<(), Error> {
    let (x, tape) = (tf::constant(1.0), GradientTape::persistent());
    tape.watch(&x);
    let (a, b) = both(&x);
    let y = tf::stop_gradient(a) + tf::stop_gradient(b);
    assert!(matches!(reason(tape.gradient(&y, &x)), gradcore::Unconnected::Stopped { by } if by.len() == 2));
    assert_eq!(tape.gradient_with(&y, &x, unconnected_gradients(UnconnectedGradients::Zero))?.item(), 0.0);
    Ok(())
}

/// xᵀ M x has the Hessian M + Mᵀ.
#[test]
fn test_hessian_vector_product() -> Result<(), Error> {
    let (m, x, v) = (normal([4, 4], 1), normal([4, 1], 2), normal([4, 1], 3));
    let form = |x: &Tensor<f64>| tf::matmul(tf::transpose(x, ..), tf::matmul(&m, x, ..), ..);
    let expected = tf::matmul(&m + tf::transpose(&m, ..), &v, ..);
    assert_all_near(&functional::hvp(form, &x, &v)?, &expected.to_vec(), 1e-12);
    // By nested tapes, with v upstream.
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let first = inner.gradient(form(&x), &x)?;
    assert_all_near(&outer.gradient_with(&first, &x, output_gradients(&v))?, &expected.to_vec(), 1e-12);
    Ok(())
}

/// The Hessian of xᵀ M x, by the jacobian of a gradient.
fn hessian_of_a_form(m: &Tensor<f64>, x: &Tensor<f64>) -> Result<Tensor<f64>, Error> {
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(x);
    inner.watch(x);
    let size = m.shape()[0].cast_signed();
    let y = tf::reduce_sum(x * tf::reshape(tf::matmul(m, tf::reshape(x, [size, 1]), ..), [size]), ..);
    let first = inner.gradient(&y, x)?;
    outer.jacobian(&first, x)
}

#[test]
fn test_hessian_1d() -> Result<(), Error> {
    let (m, x) = (normal([4, 4], 1), normal([4], 2));
    let hessian = hessian_of_a_form(&m, &x)?;
    assert_eq!(hessian.shape(), [4, 4]);
    assert_all_near(&hessian, &(&m + tf::transpose(&m, ..)).to_vec(), 1e-12);
    Ok(())
}

#[test]
fn test_hessian_1d_multi() -> Result<(), Error> {
    for number in [1, 2, 3] {
        let (m, x) = (normal([2, 2], number), normal([2], number + 10));
        assert_all_near(&hessian_of_a_form(&m, &x)?, &(&m + tf::transpose(&m, ..)).to_vec(), 1e-12);
    }
    Ok(())
}

/// ½ Σ xᵀ x has ones where two elements stand in one row.
fn assert_hessian_of_a_product(rows: usize, columns: usize) -> Result<(), Error> {
    let f = |x: &Tensor<f64>| tf::reduce_sum(tf::matmul(x, x, transpose_a(true)), ..) * 0.5;
    let hessian = functional::hessian(f, &normal([rows, columns], 1))?;
    assert_eq!(hessian.shape(), [rows, columns, rows, columns]);
    let row = |place: usize| place / columns;
    let size = rows * columns;
    let expected = (0..size * size).map(|k| f64::from(u8::from(row(k / size) == row(k % size))));
    assert_all_near(&hessian, &expected.collect::<Vec<_>>(), 1e-12);
    Ok(())
}

#[test]
fn test_hessian_2d_square_matrix() -> Result<(), Error> {
    assert_hessian_of_a_product(3, 3)
}

#[test]
fn test_hessian_2d_non_square_matrix() -> Result<(), Error> {
    assert_hessian_of_a_product(3, 4)
}

#[test]
fn test_prevent_gradient() {
    let error = derivative(|x| tf::prevent_gradient(x, "not today"), &tf::constant(1.0)).expect_err("prevented");
    assert!(matches!(&error, Error::GradientPrevented { reason, .. } if &**reason == "not today"), "{error}");
}
