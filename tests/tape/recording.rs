//! When a tape records, and what it knows of variables.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::missing::reason;
use crate::watched;

/// z = y · x with a constant y = x² = 9.
#[test]
fn a_stopped_tape_takes_what_is_computed_for_a_constant() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let (outer, tape) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    tape.watch(&x);
    let y = {
        let _stopped = tape.stop_recording();
        &x * &x
    };
    let z = &y * &x;
    assert_eq!(tape.gradient(&z, &x)?.item(), 9.0);
    assert_eq!(outer.gradient(&z, &x)?.item(), 27.0);
    Ok(())
}

#[test]
fn a_gradient_while_the_tape_is_stopped() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let y = &x * &x;
    let _stopped = tape.stop_recording();
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn guards_nest_and_end_in_any_order() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (first, second) = (tape.stop_recording(), tape.stop_recording());
    drop(first);
    assert_eq!(reason(tape.gradient(&x * &x, &x)), Unconnected::WhileStopped);
    drop(second);
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0);
    let stopped = tape.stop_recording();
    drop(tape);
    drop(stopped);
    Ok(())
}

#[test]
fn a_panic_while_a_tape_is_stopped() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _stopped = tape.stop_recording();
        tf::reshape(&x, [2])
    }));
    assert!(panicked.is_err());
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn a_variable_read_while_the_tape_is_stopped_is_not_watched() {
    let w: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = {
        let _stopped = tape.stop_recording();
        &w * &w
    };
    assert!(tape.watched_variables().is_empty());
    assert_eq!(reason(tape.gradient(&y, &w)), Unconnected::NotRead);
}

#[test]
fn an_accumulator_goes_on_while_a_tape_is_stopped() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let stopped = tape.stop_recording();
    let y = &x * &x;
    drop(stopped);
    assert_eq!(acc.jvp(&y)?.item(), 6.0);
    assert!(tape.gradient(&y, &x).is_err());
    Ok(())
}

#[test]
fn a_reset_tape_has_forgotten_operations_and_watches() -> Result<(), Error> {
    let (x, w) = (tf::constant(3.0), Variable::new(2.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * &w;
    tape.reset();
    assert_eq!(reason(tape.gradient(&y, &x)), Unconnected::NotWatched);
    assert_eq!(reason(tape.gradient(&x * &x, &x)), Unconnected::NotWatched);
    assert_eq!(tape.gradient(&y * &w, &w)?.item(), 6.0);
    tape.watch(&x);
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn the_variables_that_a_tape_watches() {
    let (a, b): (Variable, Variable) = (Variable::new(1.0).named("a"), Variable::new([1.0, 2.0]));
    let frozen: Variable = Variable::new(1.0).trainable(false);
    let tape = GradientTape::new();
    let outer = GradientTape::new().watch_accessed_variables(false);
    assert!(tape.watched_variables().is_empty());
    let _ = &b * &a * &frozen;
    let _ = &a + &a;
    let watched = tape.watched_variables();
    assert_eq!(watched.len(), 2);
    assert!(watched[0].is(&a) && watched[1].is(&b));
    assert_eq!((watched[0].name(), watched[1].name(), watched[1].shape()), (Some("a"), None, &[2][..]));
    assert!(outer.watched_variables().is_empty());
    tape.reset();
    assert!(tape.watched_variables().is_empty());
    let _ = &a * &a;
    assert_eq!(tape.watched_variables().len(), 1);
}

#[test]
fn a_tape_that_is_reset_in_a_body() -> Result<(), Error> {
    #[custom_gradient]
    fn resetting(x: &Tensor, tape: &std::rc::Rc<PersistentTape>) -> Tensor {
        tape.reset();
        tape.watch(x);
        let h = x * 2.0;
        (&h * &h, |dy| dy * 4.0 * h)
    }
    let x = tf::constant(3.0);
    let tape = std::rc::Rc::new(GradientTape::persistent());
    tape.watch(&x);
    let _ = &x * &x * &x;
    let y = resetting(&x, &tape);
    assert_eq!(y.item(), 36.0);
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn a_target_computed_while_the_tape_was_stopped() {
    let (x, w) = (tf::constant(3.0), Variable::new(2.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let before = &x * &w;
    let stopped = tape.stop_recording();
    let meanwhile = &x * &w;
    drop(stopped);
    assert_eq!(reason(tape.gradient(&meanwhile, &x)), Unconnected::WhileStopped);
    assert_eq!(reason(tape.gradient(&meanwhile, &w)), Unconnected::WhileStopped);
    assert!(tape.gradient(&before + &x, &x).is_ok());
}

/// The guard goes while a call is under way that began when `a` was stopped: `a` has not seen that.
#[test]
fn a_guard_that_is_dropped_in_a_body() -> Result<(), Error> {
    type Guards = std::cell::RefCell<Option<gradcore::tape::StoppedRecording>>;
    #[custom_gradient]
    fn resuming(x: &Tensor, guard: &std::rc::Rc<Guards>) -> Tensor {
        guard.borrow_mut().take();
        (x * 3.0, |dy| dy * 3.0)
    }
    let (x, z) = (tf::constant(2.0), tf::constant(5.0));
    let (a, b) = (GradientTape::persistent(), GradientTape::persistent());
    a.watch((&z, &x));
    b.watch(&x);
    let guard = std::rc::Rc::new(Guards::new(Some(a.stop_recording())));
    let y = resuming(&x, &guard);
    assert!(a.gradient(&y, &x).is_err() && a.gradient(&y, &z).is_err());
    assert_eq!(b.gradient(&y, &x)?.item(), 3.0);
    let later = resuming(&x, &guard);
    assert_eq!((a.gradient(&later, &x)?.item(), b.gradient(&later, &x)?.item()), (3.0, 3.0));
    Ok(())
}
