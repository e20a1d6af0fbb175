//! `prevent_gradient`: a reason where a gradient must not be asked for.

use gradcore::prelude::*;

/// Row 105.
#[test]
fn a_gradient_through_it_is_an_error_with_the_reason_and_the_place() {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (y, line) = (tf::prevent_gradient(&x * 2.0, String::from("x is a count")), line!());
    assert_eq!(y.to_vec(), [2.0, 4.0]);
    let zeros = unconnected_gradients(UnconnectedGradients::Zero);
    let error = tape.gradient_with(tf::reduce_sum(&y, ..), &x, zeros).expect_err("prevented");
    let Error::GradientPrevented { called, reason } = &error else { panic!("{error}") };
    assert_eq!((called.file(), called.line(), &**reason), ("tests/companions/prevent.rs", line, "x is a count"));
    assert!(error.to_string().starts_with("what `prevent_gradient` returned at tests/companions/prevent.rs:"));
    assert!(error.to_string().ends_with(" has no gradient: x is a count"));
}

#[test]
fn whatever_does_not_need_it_works() -> Result<(), Error> {
    let (x, w) = (tf::constant(3.0), Variable::new(2.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let prevented = tf::prevent_gradient(&x, "on purpose");
    let y = &prevented * &w + &x;
    assert_eq!(tape.gradient(&y, &w)?.item(), 3.0, "another source");
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0, "another path");
    assert_eq!(tape.gradient(&y, &prevented)?.item(), 2.0, "what it returned, as the source");
    assert!(tape.gradient(&y, &x).is_err());
    assert_eq!(tape.gradient(&y, &w)?.item(), 3.0, "afterwards");
    Ok(())
}

#[test]
fn a_tangent_through_it_is_the_same_error() -> Result<(), Error> {
    let x = tf::constant(3.0f64);
    let accumulator = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let y = tf::prevent_gradient(&x, "on purpose") * 2.0;
    let error = accumulator.jvp(&y).expect_err("prevented");
    assert!(matches!(error, Error::GradientPrevented { .. }), "{error}");
    assert_eq!(accumulator.jvp(&x * &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn it_passes_every_dtype() {
    assert_eq!(tf::prevent_gradient(tf::constant([1, 2]), "whole numbers").to_vec(), [1, 2]);
    let tape = GradientTape::new();
    assert!(tf::prevent_gradient(true, "none anyway").item());
    drop(tape);
}
