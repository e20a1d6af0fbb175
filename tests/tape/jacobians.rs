//! Jacobians: every element of a target by every element of the sources.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::missing::reason;
use crate::watched;

/// A watched vector, and a tape for any number of gradients that watches it.
fn persistent<const N: usize>(values: [f32; N]) -> (Tensor, PersistentTape) {
    let x = tf::constant(values);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    (x, tape)
}

/// The matrix with these numbers on its diagonal.
fn diagonal(a: f32, b: f32) -> Vec<f32> {
    vec![a, 0.0, 0.0, b]
}

#[test]
fn jacobians_have_the_structure_of_the_sources() {
    // y = a²b: ∂y/∂a = diag(2ab), ∂y/∂b = diag(a²).
    let (a, b) = (tf::constant([1.0f32, 2.0]), tf::constant([3.0f32, 4.0]));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let (da, db) = tape.jacobian(&a * &a * &b, (&a, &b)).unwrap();
    assert_eq!((da.shape(), db.shape()), (&[2, 2][..], &[2, 2][..]));
    assert_eq!((da.to_vec(), db.to_vec()), (diagonal(6.0, 16.0), diagonal(1.0, 4.0)));

    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = &a * &a * &b;
    let [[da], [again]] = tape.jacobian(&y, [[&a], [&a]]).unwrap();
    assert_eq!((da.to_vec(), again.to_vec()), (diagonal(6.0, 16.0), diagonal(6.0, 16.0)));
    let listed = tape.jacobian(&y, vec![&b]).unwrap();
    assert_eq!(listed[0].to_vec(), diagonal(1.0, 4.0));
}

#[test]
fn the_shape_is_that_of_the_target_and_then_that_of_the_source() {
    let x = tf::constant([[1.0f32, 2.0, 3.0]]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let matrix = tf::transpose(&x, ..) * tf::constant([[1.0f32, 10.0]]);
    let jacobian = tape.jacobian(&matrix, &x).unwrap();
    assert_eq!(jacobian.shape(), [3, 2, 1, 3]);
    assert_eq!(
        jacobian.to_vec(),
        [1.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 10.0]
    );
    let of_scalar = tape.jacobian(tf::reduce_sum(&x * &x, ..), &x).unwrap();
    assert_eq!((of_scalar.shape(), of_scalar.to_vec()), (&[1, 3][..], vec![2.0, 4.0, 6.0]));

    let (x, tape) = watched(3.0);
    let by_scalar = tape.jacobian(&x * tf::constant([1.0f32, 2.0]), &x).unwrap();
    assert_eq!((by_scalar.shape(), by_scalar.to_vec()), (&[2][..], vec![1.0, 2.0]));
}

#[test]
fn the_dtype_is_that_of_the_source() {
    let x: Tensor<f64> = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y: Tensor<f32> = tf::cast(&x, tf::float32) * 3;
    let jacobian: Tensor<f64> = tape.jacobian(&y, &x).unwrap();
    assert_eq!(jacobian.to_vec(), [3.0, 0.0, 0.0, 3.0]);
}

#[test]
fn variables_are_targets_and_sources() {
    let w: Variable = Variable::new([1.0, 2.0]);
    let tape = GradientTape::persistent();
    let y = &w * &w;
    assert_eq!(tape.jacobian(&y, &w).unwrap().to_vec(), diagonal(2.0, 4.0));
    assert_eq!(tape.jacobian(&w, &w).unwrap().to_vec(), diagonal(1.0, 1.0));
}

#[test]
fn an_unconnected_source_is_an_error_or_zeros() {
    let (x, stranger) = (tf::constant([1.0f32, 2.0]), tf::constant([1.0f32, 2.0, 3.0]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &stranger));
    let y = &x * &x;
    assert_eq!(reason(tape.jacobian(&y, &stranger)), Unconnected::NoPath { cuts: Vec::new() });
    assert!(matches!(reason(tape.jacobian(tf::round(&x), &x)), Unconnected::Stopped { .. }));

    let zero = unconnected_gradients(UnconnectedGradients::Zero);
    let (dx, zeros) = tape.jacobian_with(&y, (&x, &stranger), zero).unwrap();
    assert_eq!(dx.to_vec(), diagonal(2.0, 4.0));
    assert_eq!((zeros.shape(), zeros.to_vec()), (&[2, 3][..], vec![0.0; 6]));
}

#[test]
fn empty_targets_and_sources() {
    let nothing: Tensor = tf::zeros([0, 3]);
    let tape = GradientTape::persistent();
    tape.watch(&nothing);
    let y = &nothing * 2;
    assert_eq!(tape.jacobian(&y, &nothing).unwrap().shape(), [0, 3, 0, 3]);
    assert_eq!(tape.jacobian(tf::reduce_sum(&y, ..), &nothing).unwrap().shape(), [0, 3]);
    assert_eq!(tape.batch_jacobian(&y, &nothing).unwrap().shape(), [0, 3, 3]);
    let early = &tf::zeros::<f32>([0, 3]) * 2;
    assert_eq!(reason(tape.jacobian(&early, &nothing)), Unconnected::TargetNotRecorded);

    let nothing: Tensor = tf::zeros([1, 0]);
    let tape = GradientTape::persistent();
    tape.watch(&nothing);
    assert_eq!(tape.batch_jacobian(&nothing * &nothing, &nothing).unwrap().shape(), [1, 0, 0]);
}

#[test]
fn a_jacobian_of_a_jacobian() {
    // y = x³: 3x² on the diagonal, then 6x where all three indices agree, then 6.
    let (x, tape) = persistent([1.0, 2.0]);
    let first = tape.jacobian(&x * &x * &x, &x).unwrap();
    assert_eq!(first.to_vec(), diagonal(3.0, 12.0));
    let second = tape.jacobian(&first, &x).unwrap();
    assert_eq!(second.shape(), [2, 2, 2]);
    assert_eq!(second.to_vec(), [6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 12.0]);
    let third = tape.jacobian(&second, &x).unwrap();
    let (size, of_third) = (third.size(), third.to_vec());
    assert_eq!((size, of_third[0], of_third[15], of_third.iter().sum::<f32>()), (16, 6.0, 6.0, 12.0));
}

#[test]
fn an_outer_tape_sees_the_jacobian_of_an_inner_one() {
    // The Hessian of Σv³ is diag(6v).
    let v = tf::constant([1.0f32, 2.0]);
    let outer = GradientTape::new();
    outer.watch(&v);
    let inner = GradientTape::new();
    inner.watch(&v);
    let gradient = inner.gradient(tf::reduce_sum(&v * &v * &v, ..), &v).unwrap();
    assert_eq!(outer.jacobian(&gradient, &v).unwrap().to_vec(), diagonal(6.0, 12.0));

    // The sum of the Jacobian of x²y is Σ2xy, by x and y.
    let (x, y) = (tf::constant([3.0f32, 6.0]), tf::constant([1.0f32, 2.0]));
    let outer = GradientTape::new();
    outer.watch((&x, &y));
    let inner = GradientTape::new();
    inner.watch(&x);
    let jacobian = inner.jacobian(&x * &x * &y, &x).unwrap();
    let (dx, dy) = outer.gradient(&jacobian, (&x, &y)).unwrap();
    assert_eq!((dx.to_vec(), dy.to_vec()), (vec![2.0, 4.0], vec![6.0, 12.0]));
}

#[test]
fn inside_the_scope_of_a_tape() {
    // x⁴ at 3: 4x³ = 108.
    let (x, tape) = watched(3.0);
    let z = tf::square(&x * &x);
    assert_eq!(tape.jacobian(&z, &x).unwrap().item(), 108.0);
    let x = tf::constant([[3.0f32]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let z = tf::square(&x * &x);
    assert_eq!(tape.batch_jacobian(&z, &x).unwrap().to_vec(), [108.0]);
}

#[test]
fn through_loops_and_branches() {
    // Σ over a fold from zeros: each element has the derivative 1.
    let x: Tensor = tf::zeros([3]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let sum = (0..3).fold(tf::constant(0.0f32), |sum, k| {
        let chosen = (0..3).map(|other| if other == k { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
        sum + tf::reduce_sum(&x * tf::constant(chosen), ..)
    });
    assert_eq!(tape.jacobian(&sum, &x).unwrap().to_vec(), [1.0; 3]);

    // x³ at 1 by a branch that is taken: 3, then 6.
    let (x, tape) = persistent([1.0]);
    let y = if x.item() > 0.0 { &x * &x * &x } else { &x * 1 };
    let first = tape.jacobian(&y, &x).unwrap();
    assert_eq!((first.item(), tape.jacobian(&first, &x).unwrap().item()), (3.0, 6.0));
}

#[custom_gradient]
fn tenfold(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy * 10.0)
}

#[custom_gradient]
fn mistaken(x: &Tensor) -> Tensor {
    // Wrong, and reported as it is.
    (x * x, |dy| tf::broadcast_to(dy * tf::constant([1.0f32, 0.0]), x.shape()))
}

#[custom_gradient]
fn failing(x: &Tensor) -> Result<Tensor, Error> {
    let grad = |dy| match dy.rank() {
        0 => Ok(dy * 1.0),
        _ => Err(Error::Argument { operation: "failing", expected: "a scalar".into(), found: "a vector".into() }),
    };
    Ok((x * 1.0, grad))
}

#[test]
fn rules_are_honoured() {
    let (x, tape) = persistent([1.0, 2.0]);
    assert_eq!(tape.jacobian(tenfold(&x), &x).unwrap().to_vec(), diagonal(10.0, 10.0));
    assert_eq!(tape.jacobian(mistaken(&x), &x).unwrap().to_vec(), diagonal(1.0, 0.0));
}

#[test]
fn the_error_of_a_rule_is_that_of_the_jacobian() {
    let (x, tape) = persistent([1.0, 2.0]);
    let y = failing(&x).unwrap();
    let error = tape.jacobian(&y, &x).unwrap_err();
    assert!(matches!(error, Error::GradientFailed(_)), "{error}");
    assert_eq!(tape.jacobian(&x * &x, &x).unwrap().to_vec(), diagonal(2.0, 4.0));
}

#[test]
fn rows_of_a_batch() {
    // y = a²b by a: 2ab on the diagonal of each row.
    let (a, b) = (tf::constant([[1.0f32, 2.0], [3.0, 4.0]]), tf::constant([[3.0f32, 4.0], [5.0, 6.0]]));
    let tape = GradientTape::persistent();
    tape.watch(&a);
    let y = &a * &a * &b;
    let jacobian = tape.batch_jacobian(&y, &a).unwrap();
    assert_eq!(jacobian.shape(), [2, 2, 2]);
    assert_eq!(jacobian.to_vec(), [diagonal(6.0, 16.0), diagonal(30.0, 48.0)].concat());
    // 2b on the diagonals, again.
    let second = tape.batch_jacobian(&jacobian, &a).unwrap();
    assert_eq!(second.shape(), [2, 2, 2, 2]);
    assert_eq!(second.to_vec()[..8], [6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0]);

    let x: Tensor<f64> = tf::constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (m, expected) = ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    let jacobian = tape.batch_jacobian(tf::matmul(&x, m, ..), &x).unwrap();
    assert_eq!((jacobian.shape(), jacobian.to_vec()), (&[2, 2, 3][..], [expected, expected].concat()));
}

#[test]
fn the_batch_jacobian_of_a_gradient() {
    // Σx²: each row has the Hessian 2I.
    let x: Tensor = tf::ones([10, 2]);
    let outer = GradientTape::new();
    outer.watch(&x);
    let inner = GradientTape::new();
    inner.watch(&x);
    let gradient = inner.gradient(tf::reduce_sum(&x * &x, ..), &x).unwrap();
    assert_eq!(outer.batch_jacobian(&gradient, &x).unwrap().to_vec(), diagonal(2.0, 2.0).repeat(10));
}

#[test]
fn batches_of_other_shapes_are_refused() {
    let (x, y): (Tensor, Tensor) = (tf::ones([2, 2]), tf::ones([3, 2]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &y));
    assert_eq!(
        tape.batch_jacobian(&y * 2, &x).unwrap_err().to_string(),
        "`batch_jacobian`: expected target and source to have rank 2 or more and the same first size, found shapes [3, 2] and [2, 2]"
    );
    let flat = tf::reduce_sum(&x, 1);
    let error = tape.batch_jacobian(&flat, &x).unwrap_err();
    assert_eq!(error, Error::BatchShape { of_target: vec![2], of_source: vec![2, 2] });
    let error = tape.batch_jacobian(&x, &flat).unwrap_err();
    assert_eq!(error, Error::BatchShape { of_target: vec![2, 2], of_source: vec![2] });
}

#[test]
fn an_unconnected_batch_is_an_error_or_zeros() {
    let (x, stranger): (Tensor, Tensor<f64>) = (tf::ones([2, 3]), tf::ones([2, 1]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &stranger));
    assert!(matches!(tape.batch_jacobian(&x * 2, &stranger), Err(Error::Unconnected { .. })));
    let zeros = tape.batch_jacobian_with(&x * 2, &stranger, unconnected_gradients(UnconnectedGradients::Zero)).unwrap();
    assert_eq!((zeros.shape(), zeros.to_vec()), (&[2, 3, 1][..], vec![0.0f64; 6]));
}
