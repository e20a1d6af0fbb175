//! Custom rules are honoured by every form.

use gradcore::prelude::*;

use functional::{grad, hessian, hvp, jacobian, jvp, linearize, vjp};

/// Not the derivative, and thereby told from it.
#[custom_gradient]
fn tenfold(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy * 10.0)
}

/// Its rule says 5x² where the derivative is 3x².
#[custom_gradient]
fn cube(x: &Tensor) -> Tensor {
    (x * x * x, |dy| dy * x * x * 5.0)
}

#[custom_gradient]
fn clipped(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| tf::clip_by_value(dy, -1.0, 1.0))
}

#[custom_gradient]
fn failing(x: &Tensor) -> Tensor {
    let grad = |dy| match dy.rank() {
        3 => Ok(dy * 1.0),
        _ => Err(Error::Argument { operation: "failing", expected: "rank 3".into(), found: "another".into() }),
    };
    (x * 1.0, grad)
}

#[test]
fn every_form_multiplies_by_what_the_rule_says() {
    let x = tf::constant([1.0f32, 2.0]);
    let v = tf::constant([1.0f32, 3.0]);
    assert_eq!(grad(tenfold, &x).unwrap().to_vec(), [10.0, 10.0]);
    assert_eq!(vjp(tenfold, &x).unwrap().1.apply(&v).unwrap().to_vec(), [10.0, 30.0]);
    assert_eq!(jvp(tenfold, &x, &v).unwrap().1.to_vec(), [10.0, 30.0]);
    assert_eq!(linearize(tenfold, &x).unwrap().1.apply(&v).unwrap().to_vec(), [10.0, 30.0]);
    assert_eq!(jacobian(tenfold, &x).unwrap().to_vec(), [10.0, 0.0, 0.0, 10.0]);
}

#[test]
fn second_derivatives_are_those_of_the_rule() {
    // The rule is 5x²·dy, so the second derivative is 10x.
    let x = tf::constant([1.0f32, 2.0]);
    let f = |x: &Tensor| tf::reduce_sum(cube(x), ..);
    assert_eq!(hessian(f, &x).unwrap().to_vec(), [10.0, 0.0, 0.0, 20.0]);
    assert_eq!(hvp(f, &x, tf::constant([1.0f32, 1.0])).unwrap().to_vec(), [10.0, 20.0]);
    assert_eq!(grad(|x| grad(f, x), &x).unwrap().to_vec(), [10.0, 20.0]);
}

#[test]
fn a_rule_that_is_not_linear_is_named_by_forward_forms() {
    let x = tf::constant([1.0f32, 2.0]);
    let errors = [
        jvp(clipped, &x, &x).unwrap_err(),
        linearize(clipped, &x).unwrap().1.apply(&x).unwrap_err(),
        hvp(|x| tf::reduce_sum(clipped(x) * x, ..), &x, &x).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::NotLinear { function: "clipped", .. }), "{error}");
    }
    assert_eq!(grad(|x| clipped(x) * 3, &x).unwrap().to_vec(), [1.0, 1.0]);
}

#[test]
fn a_rule_that_fails_gives_its_error_and_leaves_all_usable() {
    let x = tf::constant([1.0f32, 2.0]);
    let linear = linearize(failing, &x).unwrap().1;
    let pullback = vjp(failing, &x).unwrap().1;
    let errors = [
        grad(failing, &x).unwrap_err(),
        jacobian(failing, &x).unwrap_err(),
        jvp(failing, &x, &x).unwrap_err(),
        pullback.apply(&x).unwrap_err(),
        pullback.apply(&x).unwrap_err(),
        linear.apply(&x).unwrap_err(),
        hessian(|x| tf::reduce_sum(failing(x), ..), &x).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::GradientFailed(failure) if failure.function == "failing"), "{error}");
    }
    assert_eq!(grad(|x| x * x, &x).unwrap().to_vec(), [2.0, 4.0]);
}
