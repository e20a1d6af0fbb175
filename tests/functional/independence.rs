//! A derivative that is zero is a zero, in every mode; a number that is read out of a tensor is none.

use functional::{grad, hessian, hvp, jvp};
use gradcore::prelude::*;

#[custom_gradient]
fn step(x: &Tensor) -> Tensor {
    (tf::where_(x > 0, 1.0, 0.0), |dy| tf::zeros_like(dy))
}

#[custom_gradient]
fn flat(x: &Tensor) -> Tensor {
    (tf::ones_like(x), |dy| dy * 0.0)
}

#[custom_gradient]
fn cube(x: &Tensor) -> Tensor {
    (x * x * x, |dy| dy * (3.0 * x.item() * x.item()))
}

#[custom_gradient]
fn cube_read_before(x: &Tensor) -> Tensor {
    let slope = 3.0 * x.item() * x.item();
    (x * x * x, |dy| dy * slope)
}

#[custom_gradient]
fn two(x: &Tensor, y: &Tensor) -> (Tensor, Tensor) {
    ((x * 2.0, y * 3.0), |dx, dy| (dx * 2.0, dy * 3.0))
}

#[test]
fn a_derivative_of_zero_is_zero_in_every_mode() -> Result<(), Error> {
    let x = tf::constant([-1.0, 2.0]);
    let one = || tf::constant([1.0, 1.0]);
    for f in [|x: &Tensor| tf::sign(x), |x: &Tensor| step(x), |x: &Tensor| flat(x)] {
        let acc = ForwardAccumulator::new(&x, one())?;
        assert_eq!(acc.jvp(f(&x))?.to_vec(), [0.0, 0.0]);
        assert_eq!(acc.jvp(f(&x) + &x)?.to_vec(), [1.0, 1.0]);
        drop(acc);
        assert_eq!(jvp(f, &x, one())?.1.to_vec(), [0.0, 0.0]);
        assert_eq!(functional::linearize(f, &x)?.1.apply(one())?.to_vec(), [0.0, 0.0]);
        assert_eq!(grad(f, &x)?.to_vec(), [0.0, 0.0]);
        assert_eq!(grad(tf::recompute_grad(f), &x)?.to_vec(), [0.0, 0.0]);
        assert_eq!(hvp(|x| tf::reduce_sum(f(x), ..), &x, one())?.to_vec(), [0.0, 0.0]);
        let tape = GradientTape::new();
        tape.watch(&x);
        assert_eq!(tape.gradient(f(&x), &x)?.to_vec(), [0.0, 0.0]);
    }
    Ok(())
}

/// No gradient is something else than a gradient of zero.
#[test]
fn what_stops_a_gradient_is_an_error_in_every_mode() -> Result<(), Error> {
    let x = tf::constant([-1.0, 2.0]);
    let rounded = |x: &Tensor| tf::round(x);
    let by_round = |error: Error| assert!(error.to_string().contains("`round`"), "{error}");
    by_round(grad(rounded, &x).expect_err("stopped"));
    by_round(grad(tf::recompute_grad(rounded), &x).expect_err("stopped"));
    by_round(jvp(rounded, &x, tf::constant(1.0)).expect_err("stopped"));
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    by_round(acc.jvp(tf::round(&x)).expect_err("stopped"));
    Ok(())
}

#[test]
fn a_number_that_is_read_is_no_zero_derivative() {
    let x = tf::constant(2.0);
    let by_item =
        |error: Error| assert!(error.to_string().contains("`item` at tests/functional/independence.rs"), "{error}");
    for f in [|x: &Tensor| cube(x), |x: &Tensor| cube_read_before(x)] {
        by_item(hessian(f, &x).expect_err("read"));
        by_item(grad(|x| grad(f, x), &x).expect_err("read"));
        by_item(grad(tf::recompute_grad(move |x: &Tensor| grad(f, x).expect("the first")), &x).expect_err("read"));
        assert!(hvp(f, &x, tf::constant(1.0)).is_err());
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let first = tape.gradient(f(&x), &x).expect("the first");
        by_item(tape.gradient(first, &x).expect_err("read"));
    }
    by_item(grad(|x: &Tensor| tf::constant(x.item() * 3.0), &x).expect_err("read"));
    by_item(jvp(|x: &Tensor| tf::constant(x.item() * 3.0), &x, tf::constant(1.0)).expect_err("read"));
}

/// Truth values that choose may be read.
#[test]
fn a_comparison_may_be_read() -> Result<(), Error> {
    let f = |x: &Tensor| if tf::greater(x, 0.0).item() { tf::constant(1.0) } else { tf::constant(2.0) };
    assert!(grad(f, tf::constant(2.0))?.to_vec() == [0.0]);
    let g = |x: &Tensor| if x.item() > 0.0 { x * 2.0 } else { x * 3.0 };
    assert!(grad(g, tf::constant(2.0))?.to_vec() == [2.0]);
    Ok(())
}

#[test]
fn recomputing_changes_no_independence() -> Result<(), Error> {
    let (x, y) = (tf::constant(1.0), tf::constant(1.0));
    let (dx, dy) = grad(|(x, y)| tf::recompute_grad(two)(x, y).0, (&x, &y))?;
    assert_eq!((dx.to_vec(), dy.to_vec()), (vec![2.0], vec![0.0]));
    let plain = |x: &Tensor, y: &Tensor| (x * 2.0, y * 3.0);
    let (dx, dy) = grad(|(x, y)| tf::recompute_grad(plain)(x, y).0, (&x, &y))?;
    assert_eq!((dx.to_vec(), dy.to_vec()), (vec![2.0], vec![0.0]));
    let constant = tf::recompute_grad(|x: &Tensor| grad(|x: &Tensor| tf::identity(x), x).expect("1"));
    assert_eq!(grad(&constant, &x)?.to_vec(), [0.0]);
    let (_, tangent) =
        jvp(|(x, y)| tf::recompute_grad(plain)(x, y).0, (&x, &y), (tf::constant(0.0), tf::constant(1.0)))?;
    assert_eq!(tangent.to_vec(), [0.0]);
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let error = tape.gradient(tf::recompute_grad(plain)(&x, &y).0, &y).expect_err("independent");
    assert!(error.to_string().contains("does not depend on it"), "{error}");
    Ok(())
}
