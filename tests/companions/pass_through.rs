//! `grad_pass_through`: the value of a function, with the derivative of the identity.

use gradcore::prelude::*;

use crate::{gradient_at, panic_of};

/// Row 100.
#[test]
fn the_gradient_is_that_of_the_identity() -> Result<(), Error> {
    fn squared(x: &Tensor) -> Tensor {
        x * x
    }
    let rounded = tf::grad_pass_through(|x: &Tensor| tf::round(x));
    let x = tf::constant([0.4, 1.6, -2.5]);
    assert_eq!(rounded(&x).to_vec(), [0.0, 2.0, -2.0]);
    assert_eq!(gradient_at(&rounded, &x)?.to_vec(), [1.0, 1.0, 1.0]);
    let y = |x: &Tensor| tf::grad_pass_through(squared)(x) * x;
    assert_eq!(gradient_at(y, &tf::constant(3.0))?.item(), 12.0);
    let w: Variable<f64> = Variable::new([0.6]);
    let tape = GradientTape::new();
    let y = tf::grad_pass_through(|w: &Tensor<f64>| tf::round(w))(&w) * 3.0;
    assert_eq!((y.item(), tape.gradient(&y, &w)?.item()), (3.0, 3.0));
    Ok(())
}

/// Row 100: a pass-through of z² at 3, assigned to a variable.
#[test]
fn an_effect_of_the_function_happens() -> Result<(), Error> {
    let x = std::cell::RefCell::new(Variable::new(1.0));
    let assign = tf::grad_pass_through(|z: &Tensor| {
        x.borrow_mut().assign(z).expect("the same shape");
        tf::stop_gradient(&*x.borrow())
    });
    let z = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = assign(&(&z * &z));
    assert_eq!((y.item(), tape.gradient(&y, &z)?.item()), (9.0, 6.0));
    Ok(())
}

/// Row 101.
#[test]
fn each_gradient_goes_to_the_argument_in_its_place() -> Result<(), Error> {
    let sorted = tf::grad_pass_through(|a: &Tensor, b: &Tensor| (tf::minimum(a, b), tf::maximum(a, b)));
    let (a, b) = (tf::constant(5.0), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let (low, high) = sorted(&a, &b);
    assert_eq!((low.item(), high.item()), (2.0, 5.0));
    let (da, db) = tape.gradient(low * 3.0 + high * 7.0, (&a, &b))?;
    assert_eq!((da.item(), db.item()), (3.0, 7.0));
    Ok(())
}

#[test]
fn its_second_derivative_and_its_tangent_are_those_of_the_identity() -> Result<(), Error> {
    let rounded = tf::grad_pass_through(|x: &Tensor| tf::round(x));
    let x = tf::constant(2.6);
    let accumulator = ForwardAccumulator::new(&x, tf::constant(5.0))?;
    assert_eq!(accumulator.jvp(rounded(&x))?.item(), 5.0);
    drop(accumulator);
    // y = r³ with r = round(x): 3 r², and once more 6 r, as the derivative of r is 1.
    let cube = |x: &Tensor| {
        let r = rounded(x);
        &r * &r * &r
    };
    assert_eq!(crate::derivatives(cube, 2.6)?, [27.0, 18.0, 6.0]);
    Ok(())
}

/// Row 102, where TensorFlow gives a gradient of the wrong shape in silence.
#[test]
fn another_shape_is_refused_at_the_call() {
    let x = tf::constant([1.0, 2.0]);
    let sum = tf::grad_pass_through(|x: &Tensor| tf::reduce_sum(x, ..));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let text = panic_of(|| sum(&x));
    let expected = "`grad_pass_through`: expected the function at tests/companions/pass_through.rs:";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with(" to return shape [2], that of its argument, found []"), "{text}");
    assert_eq!(tape.gradient(&x * &x, &x).expect("a usable tape").to_vec(), [2.0, 4.0]);
}

/// Row 100, where TensorFlow gives `None`.
#[test]
fn a_variable_that_is_no_argument_is_named() {
    let (x, scale) = (tf::constant(1.5), Variable::new(2.0));
    let scaled = tf::grad_pass_through(|x: &Tensor| x * &scale);
    assert_eq!(scaled(&x).item(), 3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let text = panic_of(|| scaled(&x));
    assert!(
        text.starts_with("`grad_pass_through` (") && text.contains("uses the watched variable of shape []"),
        "{text}"
    );
    let stopped = tf::grad_pass_through(|x: &Tensor| x * tf::stop_gradient(&scale));
    assert_eq!(tape.gradient(stopped(&x), &x).expect("a gradient").item(), 1.0);
}
