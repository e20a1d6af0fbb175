//! Outputs and exits: several of the one, anywhere for the other.

use gradcore::prelude::*;

use crate::gradient_of;

#[test]
fn several_outputs_give_as_many_upstream_gradients() {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        let grad = |from_double, from_square| from_double * 10.0 + from_square * 100.0;
        ((x * 2.0, x * x), grad)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (double, square) = both(&x);
    let dx = tape.gradient(double * 3.0 + square, &x).expect("a gradient");
    assert_eq!(dx.to_vec(), [130.0, 130.0]);
}

#[test]
fn an_unused_output_arrives_as_zeros() {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        ((x * 2.0, tf::reduce_sum(x, ..)), |a, b| a + b)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (double, _) = both(&x);
    assert_eq!(tape.gradient(&double, &x).expect("a gradient").to_vec(), [1.0, 1.0]);
}

#[test]
fn an_integer_output_has_no_gradient_and_arrives_as_zeros() {
    #[custom_gradient]
    fn with_place(x: &Tensor) -> (Tensor, Tensor<i64>) {
        let grad = |dy, dplace: &Tensor<i64>| dy * tf::cast(tf::reduce_sum(dplace, ..) + 1, tf::float32);
        ((tf::reduce_max(x, ..), tf::argmax(x, axis(0))), grad)
    }
    let x = tf::constant([[1.0], [2.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (most, place) = with_place(&x);
    assert_eq!(place.to_vec(), [1]);
    let error = tape.gradient(&most, &x).expect_err("a scalar is no gradient of x");
    assert!(error.to_string().contains("has shape [], expected [2, 1]"), "{error}");
    assert!(error.to_string().ends_with("wrap the gradient in `tf::broadcast_to(…, x.shape())`"), "{error}");
}

#[test]
fn the_output_has_an_identity_of_its_own() {
    #[custom_gradient]
    fn same(x: &Tensor) -> Tensor {
        (x, |dy| dy * 3.0)
    }
    assert_eq!(gradient_of(|x| same(&same(x)), [1.0]), [9.0]);
    let x = tf::constant(1.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = same(&x);
    assert_eq!(tape.gradient((&x, &y), &x).expect("a gradient").item(), 4.0);
}

#[test]
fn exits_in_branches_returns_and_results() {
    #[custom_gradient]
    fn f(x: &Tensor, mode: i32) -> Result<Tensor, String> {
        if mode < 0 {
            return Err("negative".to_owned());
        }
        if mode == 0 {
            return Ok((x * 1.0, |dy| dy * 10.0));
        }
        let power = u32::try_from(mode).map_err(|error| error.to_string())?;
        let grad = |dy| dy * 20.0;
        match power {
            1 => Ok((x * 2.0, grad)),
            _ => {
                let scale = 30.0;
                Ok((x * 3.0, |dy| dy * scale))
            }
        }
    }
    for (mode, expected) in [(0, 10.0), (1, 20.0), (2, 30.0)] {
        assert_eq!(gradient_of(|x| f(x, mode).expect("not negative"), [1.0]), [expected]);
    }
    assert_eq!(f(&tf::constant(1.0), -1).unwrap_err(), "negative");
}

#[test]
fn an_exit_may_stand_in_the_value_of_another() {
    #[custom_gradient]
    fn f(x: &Tensor, mode: i32) -> Tensor {
        let grad = |dy| dy * 2;
        let y = match mode {
            0 => return (x * 1, |dy| dy * 7),
            _ => x * 2,
        };
        (
            match mode {
                1 => return (x * 1, |dy| dy * 8),
                _ => y,
            },
            grad,
        )
    }
    let gradients = [0, 1, 2].map(|mode| gradient_of(|x| f(x, mode), [1.0])[0]);
    assert_eq!(gradients, [7.0, 8.0, 2.0]);
}

#[test]
fn an_error_in_the_body_leaves_the_tape_recording() {
    #[custom_gradient]
    fn fails(x: &Tensor) -> Result<Tensor, String> {
        let y = Err::<Tensor, _>("no".to_owned())?;
        Ok((y, |dy| dy * x))
    }
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert!(fails(&x).is_err());
    let y = &x * &x;
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").item(), 6.0);
}
