//! What forms refuse, and what they say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gradcore::Unconnected;
use gradcore::prelude::*;

use functional::{grad, hessian, hvp, jacobian, jvp, linearize, vjp};

fn vector() -> Tensor {
    tf::constant([1.0, 2.0])
}

#[test]
fn the_error_of_the_function_is_that_of_the_form() {
    let wrong = || Error::Argument { operation: "f", expected: "a good day".into(), found: "a bad one".into() };
    let f = |_: &Tensor| Err::<Tensor, _>(wrong());
    let x = vector();
    assert_eq!(grad(f, &x).unwrap_err(), wrong());
    assert_eq!(vjp(f, &x).unwrap_err(), wrong());
    assert_eq!(jvp(f, &x, &x).unwrap_err(), wrong());
    assert_eq!(linearize(f, &x).unwrap_err(), wrong());
    assert_eq!(jacobian(f, &x).unwrap_err(), wrong());
    assert_eq!(hessian(f, &x).unwrap_err(), wrong());
    assert_eq!(hvp(f, &x, &x).unwrap_err(), wrong());
}

#[test]
fn a_hessian_is_that_of_one_element() {
    let x = vector();
    let expected = |operation| {
        format!(
            "`{operation}`: expected `f` to return one element; reduce its result, by `tf::reduce_sum` or another, found shape [2]"
        )
    };
    assert_eq!(hessian(|x| x * x, &x).unwrap_err().to_string(), expected("hessian"));
    assert_eq!(hvp(|x| x * x, &x, &x).unwrap_err().to_string(), expected("hvp"));
}

#[test]
fn tangents_and_cotangents_have_the_shapes_of_what_they_belong_to() {
    let (x, wrong) = (vector(), tf::constant([1.0f32, 2.0, 3.0]));
    let tangent = |operation| {
        format!(
            "`{operation}`: expected tangent 0 to have shape [2], that of its argument, or to be a scalar, found shape [3]"
        )
    };
    assert_eq!(jvp(|x| x * x, &x, &wrong).unwrap_err().to_string(), tangent("jvp"));
    assert_eq!(hvp(|x| tf::reduce_sum(x * x, ..), &x, &wrong).unwrap_err().to_string(), tangent("hvp"));
    let linear = linearize(|x| x * x, &x).unwrap().1;
    assert_eq!(linear.apply(&wrong).unwrap_err().to_string(), tangent("apply"));
    let pullback = vjp(|x| x * x, &x).unwrap().1;
    assert_eq!(
        pullback.apply(&wrong).unwrap_err().to_string(),
        "`apply`: expected a cotangent of shape [2], that of its result, or a scalar, found shape [3]"
    );
    let listed = linearize(|all| all[0] * all[1], vec![&x, &x]).unwrap().1;
    assert_eq!(
        listed.apply(vec![&x]).unwrap_err().to_string(),
        "`apply`: expected 2 tangents, one for each argument, found 1"
    );
    let listed = vjp(|x| vec![x * x, x * 2], &x).unwrap().1;
    assert_eq!(
        listed.apply(vec![&x]).unwrap_err().to_string(),
        "`apply`: expected 2 cotangents, one for each result, found 1"
    );
}

#[test]
fn what_stops_a_derivative_is_named() {
    type Stop = fn(&Tensor) -> Tensor;
    let x = vector();
    let stops: [(&str, Stop); 3] = [
        ("`round`", |x| tf::round(x) * 2),
        ("`stop_gradient`", |x| tf::stop_gradient(x) * 2),
        ("`cast`", |x| tf::cast(tf::cast(x, tf::int32), tf::float32)),
    ];
    for (name, f) in stops {
        let errors = [
            grad(f, &x).unwrap_err(),
            vjp(f, &x).unwrap().1.apply(&x).unwrap_err(),
            jacobian(f, &x).unwrap_err(),
            jvp(f, &x, &x).unwrap_err(),
            linearize(f, &x).unwrap().1.apply(&x).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(&error, Error::Unconnected { .. }) && error.to_string().contains(name), "{error}");
        }
    }
    let reason = match grad(|x| tf::round(x), &x) {
        Err(Error::Unconnected { reason, .. }) => reason,
        other => panic!("expected an error, found {other:?}"),
    };
    assert!(matches!(reason, Unconnected::Stopped { .. }), "{reason}");
}

#[test]
fn a_function_that_panics_leaves_tapes_and_forms_usable() {
    let x = vector();
    let tape = GradientTape::new();
    tape.watch(&x);
    let panicking = |x: &Tensor| -> Tensor { panic!("of shape {:?}", x.shape()) };
    assert!(catch_unwind(AssertUnwindSafe(|| grad(panicking, &x))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| jvp(panicking, &x, &x))).is_err());
    assert_eq!(grad(|x| x * x, &x).unwrap().to_vec(), [2.0, 4.0]);
    assert_eq!(tape.gradient(&x * &x, &x).unwrap().to_vec(), [2.0, 4.0]);
}
