//! Targets, sources and what connects them.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::{derivative, reason, watched};

const ZERO: UnconnectedGradients = UnconnectedGradients::Zero;

#[test]
fn test_two_targets() -> Result<(), Error> {
    let (x, y) = (tf::constant(3.0), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let targets = [2.0 * &x, 3.0 * &y];
    assert_eq!(tape.gradient(&targets, [&x, &y])?.map(|d| d.item()), [2.0, 3.0]);
    Ok(())
}

#[test]
fn test_output_grad_used_in_computation() -> Result<(), Error> {
    let (x, y) = (tf::constant(3.0), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let loss = &x * &y;
    let seeds = [tf::constant(1.0), tf::constant(2.0)];
    assert_eq!(tape.gradient_with([&loss, &x], &x, output_gradients(&seeds))?.item(), 4.0);
    Ok(())
}

#[test]
fn test_tape_no_op_gradient() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = x.clone();
    assert_eq!(tape.gradient(&y, &x)?.item(), 1.0);
    Ok(())
}

#[test]
fn test_tape_identity_gradient_is_identity() -> Result<(), Error> {
    assert_eq!(derivative(|x| tf::identity(x), &tf::constant(3.0))?.item(), 1.0);
    Ok(())
}

#[test]
fn test_tape_gradient_multi_target_one_is_source() -> Result<(), Error> {
    let (x, tape) = watched(2.0);
    let y = &x * &x;
    assert_eq!(tape.gradient([&x, &y], &x)?.item(), 5.0);
    Ok(())
}

#[test]
fn test_tape_gradient_multi_target_all_source() -> Result<(), Error> {
    let (x, tape) = watched(2.0);
    assert_eq!(tape.gradient([&x, &x], &x)?.item(), 2.0);
    Ok(())
}

#[test]
fn test_tape_gradient_multi_target_multi_source() -> Result<(), Error> {
    let (x, y) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let z = &y * &y;
    assert_eq!(tape.gradient([&x, &y, &z], [&x, &y])?.map(|d| d.item()), [1.0, 11.0]);
    Ok(())
}

#[test]
fn test_tape_no_op_on_variable_is_identity() -> Result<(), Error> {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let y = v.value();
    assert_eq!(tape.gradient(&y, &v)?.item(), 1.0);
    Ok(())
}

#[test]
fn test_tape_no_op_gradient_2_by_2() -> Result<(), Error> {
    let x: Tensor = tf::constant([[2.0, 2.0], [2.0, 2.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let dx = tape.gradient(&x, &x)?;
    assert_eq!((dx.shape(), dx.to_vec()), (&[2, 2][..], vec![1.0; 4]));
    Ok(())
}

#[test]
fn test_tape_no_op_gradient_multi_target_2_by_2() -> Result<(), Error> {
    let x: Tensor = tf::constant([[2.0, 2.0], [2.0, 2.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(tape.gradient([&x, &x], &x)?.to_vec(), [2.0; 4]);
    Ok(())
}

#[test]
fn test_unconnected_none() {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let _ = v.value();
    assert_eq!(reason(tape.gradient(tf::constant(1.0), &v)), Unconnected::TargetNotRecorded);
}

#[test]
fn test_gradient_tape_repeated_source() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = 2.0 * &x;
    assert_eq!(tape.gradient(&y, [&x, &x])?.map(|d| d.item()), [2.0, 2.0]);
    Ok(())
}

#[test]
fn test_persistent_gradient_tape_repeated_source() -> Result<(), Error> {
    let (x, y) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &y));
    let z = &x * &x + &x * &y;
    assert_eq!(tape.gradient(&z, [&x, &x])?.map(|d| d.item()), [11.0, 11.0]);
    assert_eq!(tape.gradient(&z, [&y, &x])?.map(|d| d.item()), [3.0, 11.0]);
    Ok(())
}

#[test]
fn test_gradient_tape_structure() -> Result<(), Error> {
    let [a, b, c] = [3.0, 3.1, 3.2].map(|value: f32| tf::constant(value));
    let tape = GradientTape::persistent();
    tape.watch([&a, &b, &c]);
    let y = &a + 2.0 * &b + 3.0 * &c;
    assert_eq!(tape.gradient(&y, &a)?.item(), 1.0);
    let (da,) = tape.gradient(&y, (&a,))?;
    assert_eq!(da.item(), 1.0);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!([da, db].map(|d| d.item()), [1.0, 2.0]);
    let [(da, db), (again, dc)] = tape.gradient(&y, [(&a, &b), (&b, &c)])?;
    assert_eq!([da, db, again, dc].map(|d| d.item()), [1.0, 2.0, 2.0, 3.0]);
    let (da, db, [again, dc]) = tape.gradient(&y, (&a, &b, [&a, &c]))?;
    assert_eq!([da, db, again, dc].map(|d| d.item()), [1.0, 2.0, 1.0, 3.0]);
    let (da, (db, dc)) = tape.gradient(&y, (&a, (&b, &c)))?;
    assert_eq!([da, db, dc].map(|d| d.item()), [1.0, 2.0, 3.0]);
    Ok(())
}

#[test]
fn test_gradient_tape_gradient_called_on_constant_target() {
    let (x, y): (Variable, Variable) = (Variable::new([3.0]), Variable::new([2.0]));
    let tape = GradientTape::new();
    assert_eq!(reason(tape.gradient(&x, &y)), Unconnected::NotRead);
}

#[test]
fn test_unconnected_gradients_default() {
    let (x, y) = (tf::constant(1.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch([&x, &y]);
    assert_eq!(reason(tape.gradient(&y * 2.0, &x)), Unconnected::NoPath { cuts: vec![] });
}

#[test]
fn test_unconnected_gradients_zeros() -> Result<(), Error> {
    let (x, y) = (tf::constant([[1.0, 2.0]]), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch([&x, &y]);
    let dx = tape.gradient_with(&y * 2.0, &x, unconnected_gradients(ZERO))?;
    assert_eq!((dx.shape(), dx.to_vec()), (&[1, 2][..], vec![0.0, 0.0]));
    Ok(())
}

#[test]
fn test_unconnected_gradients_variables_zeros() -> Result<(), Error> {
    let (x, y): (Variable, Variable) = (Variable::new(1.0), Variable::new(3.0));
    let tape = GradientTape::new();
    let z = &y * 2.0;
    assert_eq!(tape.gradient_with(&z, &x, unconnected_gradients(ZERO))?.item(), 0.0);
    Ok(())
}
