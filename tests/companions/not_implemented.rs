//! `NotImplemented`: a gradient that nobody has written explains itself when it is needed.

use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

#[custom_gradient]
fn product(x: &Tensor, w: &Tensor) -> Tensor {
    (x * w, |dy| (dy * w, NotImplemented("see the paper, eq. 7")))
}

#[test]
fn it_names_the_parameter_the_reason_and_both_places() -> Result<(), Error> {
    let (x, w) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &w));
    let y = product(&x, &w);
    assert_eq!(tape.gradient(&y, &x)?.item(), 3.0);
    let error = tape.gradient(&y, (&x, &w)).expect_err("not implemented");
    let Error::NotImplemented { parameter, call, reason, .. } = &error else { panic!("{error}") };
    assert_eq!((&**parameter, call.function, *reason), ("w", "product", "see the paper, eq. 7"));
    assert_eq!(error.to_string(), format!("the gradient of `w` in {call} is not implemented: see the paper, eq. 7"));
    let zeros = unconnected_gradients(UnconnectedGradients::Zero);
    assert!(tape.gradient_with(&y, &w, zeros).is_err(), "it is not zero");
    assert_eq!(tape.gradient(&y, &x)?.item(), 3.0, "afterwards");
    Ok(())
}

#[test]
fn it_is_reached_by_need_alone_in_every_form() -> Result<(), Error> {
    #[custom_gradient]
    fn alone(x: &Tensor<f64>) -> Tensor<f64> {
        (x * 1.0, |_| NotImplemented("one"))
    }
    #[custom_gradient]
    fn inner(x: &Tensor, w: &Tensor<f64>) -> Tensor {
        fn grad(dy: &Tensor) -> (Tensor, NotImplemented) {
            (dy * 2.0, NotImplemented("inner"))
        }
        (x * tf::cast(w, tf::float32), grad)
    }
    #[custom_gradient]
    fn unsplit(x: &Tensor, w: &Tensor) -> Tensor {
        let gradients = |dy: &Tensor| (dy * 2.0, NotImplemented("unsplit"));
        (x * w, move |dy| gradients(dy))
    }
    #[custom_gradient]
    fn list(x: &Tensor, ws: &[Tensor]) -> Tensor {
        (x * &ws[0], |dy| (dy * 2.0, NotImplemented("list")))
    }
    #[custom_gradient]
    fn element(x: &Tensor, ws: &[Tensor; 2]) -> Tensor {
        (x * &ws[0], |dy| (dy * 2.0, [None, Some(NotImplemented("element"))]))
    }
    let (x, double) = (tf::constant(2.0), tf::constant(3.0f64));
    let ws = [tf::constant(3.0), tf::constant(4.0)];
    let reason = |error: Error| match error {
        Error::NotImplemented { parameter, reason, .. } => (parameter, reason),
        other => panic!("{other}"),
    };
    let tape = GradientTape::persistent();
    tape.watch((&x, &double, &ws));
    let failed = tape.gradient(alone(&double), &double).expect_err("not implemented");
    assert_eq!(reason(failed), ("x".into(), "one"));
    let y = inner(&x, &double);
    assert_eq!(tape.gradient(&y, &x)?.item(), 2.0);
    assert_eq!(reason(tape.gradient(&y, &double).expect_err("not implemented")), ("w".into(), "inner"));
    let y = unsplit(&x, &ws[0]);
    assert_eq!(tape.gradient(&y, &x)?.item(), 2.0);
    assert_eq!(reason(tape.gradient(&y, &ws[0]).expect_err("not implemented")), ("w".into(), "unsplit"));
    let y = list(&x, &ws);
    assert_eq!(tape.gradient(&y, &x)?.item(), 2.0);
    assert_eq!(reason(tape.gradient(&y, &ws[1]).expect_err("not implemented")), ("ws".into(), "list"));
    let y = element(&x, &ws);
    assert_eq!(tape.gradient(&y, &x)?.item(), 2.0);
    assert_eq!(reason(tape.gradient(&y, &ws[1]).expect_err("not implemented")), ("ws[1]".into(), "element"));
    assert!(matches!(tape.gradient(&y, &ws[0]), Err(Error::Unconnected { .. })), "`None` is another thing");
    Ok(())
}

#[test]
fn rules_over_arrays_have_it_too() -> Result<(), Error> {
    #[custom_gradient(arrays)]
    fn product(x: ArrayView1<f32>, w: ArrayView1<f32>) -> Array1<f32> {
        let grad = |dy| (&dy * &w, NotImplemented("over arrays"));
        (&x * &w, grad)
    }
    #[custom_gradient(arrays)]
    fn alone(x: ArrayView1<f32>) -> Array1<f32> {
        (&x * 2.0, |_| NotImplemented("over one"))
    }
    let (x, w) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 4.0]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &w));
    let y = product(&x, &w);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [3.0, 4.0]);
    let error = tape.gradient(&y, &w).expect_err("not implemented");
    assert!(matches!(error, Error::NotImplemented { reason: "over arrays", .. }), "{error}");
    let error = tape.gradient(alone(&x), &x).expect_err("not implemented");
    assert!(matches!(error, Error::NotImplemented { reason: "over one", .. }), "{error}");
    Ok(())
}

#[test]
fn it_stands_in_a_branch_as_an_option_or_an_error() -> Result<(), Error> {
    #[custom_gradient]
    fn optional(x: &Tensor, order: u8) -> Tensor {
        let grad = |dy| match order {
            0 => Ok(dy * 1.0),
            _ => Err(NotImplemented("orders above 0")),
        };
        (x * 1.0, grad)
    }
    let x = tf::constant(2.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    assert_eq!(tape.gradient(optional(&x, 0), &x)?.item(), 1.0);
    let error = tape.gradient(optional(&x, 1), &x).expect_err("not implemented").to_string();
    assert!(error.ends_with("failed: not implemented: orders above 0"), "{error}");
    Ok(())
}

#[test]
fn forward_mode_asks_for_the_tangents_that_there_are() -> Result<(), Error> {
    let (x, w) = (tf::constant(2.0), tf::constant(3.0));
    let accumulator = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    assert_eq!(accumulator.jvp(product(&x, &w))?.item(), 3.0);
    drop(accumulator);
    let accumulator = ForwardAccumulator::new(&w, tf::constant(1.0))?;
    let error = accumulator.jvp(product(&x, &w)).expect_err("not implemented");
    assert!(matches!(error, Error::NotImplemented { reason: "see the paper, eq. 7", .. }), "{error}");
    Ok(())
}

#[test]
fn a_second_derivative_may_be_what_is_missing() -> Result<(), Error> {
    #[custom_gradient]
    fn cube(x: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            #[custom_gradient]
            fn slope(x: &Tensor, dy: &Tensor) -> Tensor {
                (x * x * 3.0 * dy, |ddy| (NotImplemented("the second derivative"), ddy * x * x * 3.0))
            }
            slope(x, dy)
        };
        (x * x * x, grad)
    }
    let x = tf::constant(2.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(cube(&x), &x)?;
    assert_eq!(first.item(), 12.0);
    let error = tape.gradient(&first, &x).expect_err("not implemented");
    assert!(matches!(error, Error::NotImplemented { call, .. } if call.function == "slope"), "{error}");
    Ok(())
}
