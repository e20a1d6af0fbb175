//! `stop_gradient`: a value that is a constant to every tape.

use std::sync::atomic::{AtomicBool, Ordering};

use gradcore::prelude::*;

use crate::gradient_at;

/// Row 103.
#[test]
fn the_value_stays_and_the_gradient_stops() -> Result<(), Error> {
    let x = tf::constant([1.2, 2.5]);
    assert_eq!(tf::stop_gradient(&x).to_vec(), x.to_vec());
    let error = gradient_at(|x| tf::stop_gradient(x) * 2.0, &x).expect_err("stopped").to_string();
    assert!(
        error.contains("no gradient flows through `stop_gradient` at tests/companions/stop_gradient.rs:"),
        "{error}"
    );
    assert_eq!(gradient_at(|x| x * tf::stop_gradient(x), &tf::constant(3.0))?.item(), 3.0);
    assert_eq!(gradient_at(|x| x + tf::stop_gradient(tf::round(x) - x), &x)?.to_vec(), [1.0, 1.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::stop_gradient(&x);
    let zeros = unconnected_gradients(UnconnectedGradients::Zero);
    assert_eq!(tape.gradient_with(&y, &x, zeros)?.to_vec(), [0.0, 0.0]);
    Ok(())
}

/// Row 104: the tape does not even watch the variable.
#[test]
fn a_variable_is_not_read_through_it() -> Result<(), Error> {
    let w = Variable::new(3.0).named("w");
    let tape = GradientTape::persistent();
    let stopped = tf::stop_gradient(&w) * 2.0;
    assert_eq!(stopped.item(), 6.0);
    let error = tape.gradient(&stopped, &w).expect_err("stopped").to_string();
    let expected =
        "no gradient of the target with respect to variable `w`: nothing read the variable while this tape recorded";
    assert_eq!(error, expected);
    assert_eq!(tape.gradient(&w * tf::stop_gradient(&w), &w)?.item(), 3.0);
    Ok(())
}

/// TensorFlow's `test_stop_gradient_hides_downstream_ops`.
#[test]
fn a_rule_behind_it_does_not_run() {
    static RAN: AtomicBool = AtomicBool::new(false);
    #[custom_gradient]
    fn never(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| {
            RAN.store(true, Ordering::SeqCst);
            dy * 1.0
        })
    }
    let x = tf::constant(1.0);
    assert!(gradient_at(|x| tf::stop_gradient(never(x)) + tf::stop_gradient(x), &x).is_err());
    assert!(!RAN.load(Ordering::SeqCst));
}

#[test]
fn it_stops_every_order_and_both_modes() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    // The derivative by the first x is stopped x², of which there is no further one.
    let first = inner.gradient(&x * tf::stop_gradient(&x * &x), &x)?;
    assert_eq!(first.item(), 9.0);
    assert!(outer.gradient(&first, &x).is_err());
    let accumulator = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    assert_eq!(accumulator.jvp(&x * tf::stop_gradient(&x))?.item(), 3.0);
    assert!(accumulator.jvp(tf::stop_gradient(&x)).is_err());
    Ok(())
}
