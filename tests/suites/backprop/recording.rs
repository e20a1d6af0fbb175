//! What tapes record and watch, and tapes within tapes.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::{derivative, reason, watched};

#[test]
fn test_tape_stop_recording() {
    let x: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let y = {
        let _stopped = tape.stop_recording();
        &x * &x
    };
    assert_eq!(reason(tape.gradient(&y, &x)), Unconnected::NotRead);
}

#[test]
fn test_tape_stop_start_recording() -> Result<(), Error> {
    let x: Variable = Variable::new(1.0);
    let tape = GradientTape::persistent();
    let doubled = &x * 2.0;
    let y = {
        let _stopped = tape.stop_recording();
        &doubled * &doubled
    };
    let z = &doubled * &doubled;
    assert_eq!(reason(tape.gradient(&y, &doubled)), Unconnected::WhileStopped);
    assert_eq!(tape.gradient(&z, &doubled)?.item(), 4.0);
    Ok(())
}

#[test]
fn test_tape_reset() -> Result<(), Error> {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let before = &v * &v;
    tape.reset();
    let loss = before + &v * &v;
    assert_eq!(tape.gradient(&loss, &v)?.item(), 2.0);
    Ok(())
}

#[test]
fn test_automatic_watched_variables() {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    assert!(tape.watched_variables().is_empty());
    let _ = &v + &v;
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&v)));
    tape.reset();
    assert!(tape.watched_variables().is_empty());
    let _ = &v + &v;
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&v)));
}

#[test]
fn test_explicit_watched_variables() {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    assert!(tape.watched_variables().is_empty());
    tape.watch(&v);
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&v)));
    tape.reset();
    assert!(tape.watched_variables().is_empty());
    tape.watch(&v);
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&v)));
}

#[test]
fn test_gradient_within_tape_block() -> Result<(), Error> {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let loss = 2.0 * &v;
    assert_eq!(tape.gradient(&loss, &v)?.item(), 2.0);
    let tape = GradientTape::persistent();
    let loss = 2.0 * &v;
    assert_eq!(tape.gradient(&loss, &v)?.item(), 2.0);
    Ok(())
}

/// The loss has no weight, so its gradient is flat.
#[test]
fn test_second_grad() -> Result<(), Error> {
    let x: Tensor = tf::constant([[0.1]]);
    let label: Tensor = tf::constant([[0.0]]);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let loss = tf::reduce_sum(-(&label * tf::nn::log_softmax(&x, ..)), ..);
    let first = tf::reduce_sum(inner.gradient(&loss, &x)?, axis(0));
    let second = outer.gradient(&first, &x)?;
    assert_eq!((second.shape(), second.to_vec()), (&[1, 1][..], vec![0.0]));
    Ok(())
}

#[test]
fn test_watching_is_tape_local() -> Result<(), Error> {
    let (x, z): (Variable, Variable) = (Variable::new(2.0).trainable(false), Variable::new(2.0).trainable(false));
    let (outer, inner) = (GradientTape::persistent(), GradientTape::new());
    outer.watch(&x);
    inner.watch((&x, &z));
    let y = &x * &x * &x;
    let square = &z * &z;
    let (dy, dz) = inner.gradient((&y, &square), (&x, &z))?;
    assert_eq!(outer.gradient((&dy, &dz), &x)?.item(), 12.0);
    assert_eq!(reason(outer.gradient((&dy, &dz), &z)), Unconnected::NotWatched);
    Ok(())
}

/// The second derivative of a function of one number, by nested tapes.
fn second_derivative(f: impl Fn(&Tensor) -> Tensor, at: f32) -> Result<f32, Error> {
    let x = tf::constant(at);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient(&y, &x)?;
    Ok(outer.gradient(&first, &x)?.item())
}

#[test]
fn test_grad_grad() -> Result<(), Error> {
    assert_eq!(second_derivative(|x| x * x, 3.0)?, 2.0);
    Ok(())
}

#[test]
fn test_grad_grad_exp() -> Result<(), Error> {
    assert_eq!(second_derivative(|x| tf::exp(x), 0.0)?, 1.0);
    Ok(())
}

/// A tape that was stopped goes on where it was.
#[test]
fn test_gradient_tape_re_enter_context() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = 2.0 * &x;
    let stopped = tape.stop_recording();
    let _ = &y * &y;
    drop(stopped);
    let z = 2.0 * &y;
    assert_eq!(tape.gradient(&z, &x)?.item(), 4.0);
    Ok(())
}

#[test]
fn test_gradient_tape() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = &x * &x;
    let inner = GradientTape::new();
    inner.watch(&y);
    let slope = inner.gradient(2.0 * &y, &y)?;
    assert_eq!(slope.item(), 2.0);
    assert_eq!(tape.gradient(y + slope, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn test_persistent_tape() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * &x;
    let z = &y * &y;
    assert_eq!((tape.gradient(&z, &x)?.item(), tape.gradient(&y, &x)?.item()), (108.0, 6.0));
    Ok(())
}

#[test]
fn test_higher_order_gradient() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * &x * &x;
    let first = tape.gradient(&y, &x)?;
    let second = tape.gradient(&first, &x)?;
    let third = tape.gradient(&second, &x)?;
    assert_eq!([y, first, second, third].map(|t| t.item()), [27.0, 27.0, 18.0, 6.0]);
    Ok(())
}

#[test]
fn test_persistent_nested_tape() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let outer = GradientTape::persistent();
    outer.watch(&x);
    let y = &x * &x;
    let inner = GradientTape::persistent();
    inner.watch(&y);
    let z = 2.0 * &y;
    let slope = inner.gradient(&z, &y)?;
    assert_eq!((slope.item(), inner.gradient(&z, &y)?.item()), (2.0, 2.0));
    drop(inner);
    assert_eq!((outer.gradient(&y + slope, &x)?.item(), outer.gradient(&z, &x)?.item()), (6.0, 12.0));
    Ok(())
}

#[test]
fn test_gradient_tape_variable() -> Result<(), Error> {
    let v: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let y = &v * &v;
    assert_eq!(tape.gradient(&y, &v)?.item(), 2.0);
    Ok(())
}

#[test]
fn test_nested_gradients() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = &x * &x;
    let z = &y * &y;
    assert_eq!(tape.gradient(&z, [&x, &y])?.map(|d| d.item()), [108.0, 18.0]);
    Ok(())
}

#[test]
fn test_exception_safety() -> Result<(), Error> {
    let thrown = std::panic::catch_unwind(|| {
        let (x, _tape) = watched(1.0);
        tf::reshape(&x, [2])
    });
    assert!(thrown.is_err());
    assert_eq!(derivative(|x| x * x, &tf::constant(1.0))?.item(), 2.0);
    Ok(())
}

#[test]
fn test_selectively_watch_variables() -> Result<(), Error> {
    let (x, z): (Variable, Variable) = (Variable::new(1.0), Variable::new(1.0));
    let tape = GradientTape::persistent().watch_accessed_variables(false);
    tape.watch(&z);
    let targets = (&x * &x, &z * &z * &z);
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&z)));
    assert_eq!(reason(tape.gradient(&targets, &x)), Unconnected::NotWatchedByItself);
    assert_eq!(tape.gradient(&targets, &z)?.item(), 3.0);
    Ok(())
}

#[test]
fn test_watched_variables_after_non_persistent_gradient_call() -> Result<(), Error> {
    let x: Variable = Variable::new(1.0);
    let tape = GradientTape::new();
    let y = &x * &x;
    // The gradient consumes the tape, so it is asked before.
    let watched = tape.watched_variables();
    let _ = tape.gradient(&y, &x)?;
    assert!(matches!(&watched[..], [watched] if watched.is(&x)));
    Ok(())
}

#[test]
fn test_watched_variables_only_has_variables_from_last_tape() -> Result<(), Error> {
    let (x, y): (Variable, Variable) = (Variable::new(1.0), Variable::new(2.0));
    let tape = GradientTape::new();
    let _ = tape.gradient(&x * &x, &x)?;
    let tape = GradientTape::new();
    let _ = &y * &y;
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&y)));
    Ok(())
}

#[test]
fn test_watched_variables_respects_reset() {
    let (x, y): (Variable, Variable) = (Variable::new(1.0), Variable::new(2.0));
    let tape = GradientTape::new();
    let _ = &x * &x;
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&x)));
    tape.reset();
    let _ = &y * &y;
    assert!(matches!(&tape.watched_variables()[..], [watched] if watched.is(&y)));
}

#[test]
fn test_implicit_grad_ordering() {
    let (first, second): (Variable, Variable) = (Variable::new(1.0), Variable::new(2.0));
    let tape = GradientTape::new();
    let _ = &second * &first;
    let watched = tape.watched_variables();
    assert!(watched[0].is(&first) && watched[1].is(&second));
}
