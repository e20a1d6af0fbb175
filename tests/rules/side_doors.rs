//! What a body lets out beside its outputs, and what it makes without operations.

use std::cell::RefCell;
use std::rc::Rc;

use functional::{grad, hessian, hvp, jvp};
use gradcore::prelude::*;

use crate::arrays::panic_of as message_of;

thread_local! {
    static DOOR: RefCell<Vec<Tensor>> = const { RefCell::new(Vec::new()) };
}

/// x³, with x² left at the door.
#[custom_gradient]
fn cube(x: &Tensor) -> Tensor {
    let square = x * x;
    DOOR.with_borrow_mut(|door| door.push(square.clone()));
    (square * x, |dy| dy * x * x * 3.0)
}

fn left() -> Tensor {
    DOOR.with_borrow_mut(Vec::pop).expect("something was left")
}

const SIDE_DOOR: &str = "was made in the body of `cube`";

#[test]
fn what_leaves_by_a_side_door_is_no_constant() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = cube(&x) + left();
    assert_eq!(tape.gradient(y, &x)?.to_vec(), [16.0]);
    drop(tape);

    let tape = GradientTape::new();
    tape.watch(&x);
    let y = cube(&x);
    let square = left();
    for message in
        [message_of(|| drop(&y + &square)), message_of(|| drop(tf::nn::softmax(tf::stack([&y, &square], 0), ..)))]
    {
        assert!(message.contains(SIDE_DOOR) && message.contains("tf::stop_gradient"), "{message}");
    }
    // Meant as a constant, it is one; the tape is as usable as ever.
    assert_eq!(tape.gradient(y * tf::stop_gradient(&square), &x)?.to_vec(), [48.0]);

    let tape = GradientTape::new();
    tape.watch(&x);
    drop(cube(&x));
    let error = tape.gradient(left(), &x).expect_err("unseen");
    assert!(error.to_string().contains(SIDE_DOOR), "{error}");
    Ok(())
}

#[test]
fn it_is_so_in_every_mode() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let f = |x: &Tensor| cube(x) + left();
    assert!(message_of(|| drop(grad(f, &x))).contains(SIDE_DOOR));
    assert!(message_of(|| drop(jvp(f, &x, tf::constant(1.0)))).contains(SIDE_DOOR));
    assert_eq!(hessian(f, &x)?.to_vec(), [14.0]);
    assert_eq!(hvp(f, &x, tf::constant(1.0))?.to_vec(), [14.0]);
    let again = tf::recompute_grad(|x: &Tensor| {
        let square = x * x;
        DOOR.with_borrow_mut(|door| door.push(square.clone()));
        square * x
    });
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = again(&x);
    let message = message_of(|| drop(&y + left()));
    assert!(message.contains("was made in the body of `recompute_grad`"), "{message}");
    Ok(())
}

/// What is looked at when the tape has done its work, or is no number, is nobody's business.
#[test]
fn what_is_used_without_a_tape_is_let_pass() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = cube(&x);
    assert_eq!(tape.gradient(y, &x)?.to_vec(), [12.0]);
    assert_eq!((left() * 2.0).to_vec(), [8.0]);

    let masks = Rc::new(RefCell::new(None));
    let shared = Rc::clone(&masks);
    #[custom_gradient(closure)]
    fn positive(x: &Tensor) -> Tensor {
        let mask = tf::greater(x, 0.0);
        shared.replace(Some(mask.clone()));
        (tf::where_(&mask, x, 0.0), |dy| tf::where_(&mask, dy, 0.0))
    }
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = positive(&x);
    let mask = masks.take().expect("a mask");
    assert_eq!(tape.gradient(tf::where_(mask, &y * 3.0, 0.0), &x)?.to_vec(), [3.0]);
    Ok(())
}

#[custom_gradient]
fn exp_by_hand(x: &Tensor<f64>) -> Tensor<f64> {
    let y = Tensor::scalar(x.item().exp());
    let grad = |g| g * &y;
    (&y, grad)
}

/// The y of y = cos(x y), by Newton's method; dy/dx = -s y / (1 + s x), with s = sin(x y).
#[custom_gradient]
fn implicit(x: &Tensor<f64>) -> Tensor<f64> {
    let (at, mut value) = (x.item(), 1.0f64);
    for _ in 0..50 {
        value -= (value - (at * value).cos()) / (1.0 + at * (at * value).sin());
    }
    let y = Tensor::scalar(value);
    let grad = |dy| {
        let s = tf::sin(x * &y);
        dy * -&s * &y / (1.0 + s * x)
    };
    (y, grad)
}

/// √(x² + y²), whose slopes are x and y over it.
#[custom_gradient]
fn hypot_by_hand(x: &Tensor<f64>, y: &Tensor<f64>) -> Tensor<f64> {
    let z = Tensor::scalar(x.item().hypot(y.item()));
    (&z, |dz| (dz * x / &z, dz * y / &z))
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found}, not {expected}");
}

type Pair = (Tensor<f64>, Tensor<f64>);

/// The value in the pair is the output, whoever computed it.
#[test]
fn an_output_that_was_computed_by_hand_has_its_derivatives() -> Result<(), Error> {
    let x = tf::constant(0.5);
    let expected = 0.5f64.exp();
    close(hessian(exp_by_hand, &x)?.item(), expected);
    close(hvp(exp_by_hand, &x, tf::constant(1.0))?.item(), expected);
    close(grad(|x: &Tensor<f64>| hessian(exp_by_hand, x), &x)?.item(), expected);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(exp_by_hand(&x), &x)?;
    close(tape.gradient(first, &x)?.item(), expected);

    let slope = |x: f64| grad(implicit, tf::constant(x)).expect("a slope").item();
    close(hessian(implicit, &x)?.item(), (slope(0.5 + 1e-5) - slope(0.5 - 1e-5)) / 2e-5);

    let (x, y) = (tf::constant(3.0), tf::constant(4.0));
    let second = |of: fn(Pair) -> Tensor<f64>| {
        grad(|(x, y)| Ok::<_, Error>(of(grad(|(x, y)| hypot_by_hand(x, y), (x, y))?)), (&x, &y))
    };
    let (xx, xy) = second(|(dx, _)| dx)?;
    let (yx, yy) = second(|(_, dy)| dy)?;
    [(xx, 16.0), (xy, -12.0), (yx, -12.0), (yy, 9.0)].iter().for_each(|(found, of)| close(found.item(), of / 125.0));
    Ok(())
}

/// A constant that a rule returns stays one outside of it.
#[test]
fn a_constant_that_is_returned_stays_a_constant() -> Result<(), Error> {
    let c = tf::constant(3.0);
    let returned = c.clone();
    #[custom_gradient(closure)]
    fn pulled(x: &Tensor) -> Tensor {
        let _ = x;
        (returned.clone(), |dy| dy * 2.0)
    }
    let x = tf::constant(1.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = pulled(&x);
    assert_eq!(tape.gradient(&y + &c * &x, &x)?.to_vec(), [5.0]);
    assert!(tape.gradient(&c * 2.0, &x).is_err());
    Ok(())
}

#[derive(Clone)]
struct Layer {
    w: Rc<Variable>,
}
impl Layer {
    #[custom_gradient]
    fn call(&self, x: &Tensor) -> Tensor {
        let sum: f32 = self.w.view().sum();
        (x * sum, |dy| dy * sum)
    }
    #[custom_gradient]
    fn constant(&self, x: &Tensor) -> Tensor {
        let sum: f32 = tf::stop_gradient(&*self.w).view().sum();
        (x * sum, |dy| dy * sum)
    }
}

/// A view is a way to read what is no input, as an operation is.
#[test]
fn a_view_of_what_is_no_input_is_refused() {
    let w: Variable = Variable::new([2.0, 3.0]);
    let x = tf::constant([1.0, 1.0]);
    let layer = Layer { w: Rc::new(w) };
    let tape = GradientTape::new();
    tape.watch(&x);
    let message = message_of(|| drop(layer.call(&x)));
    assert!(message.contains("uses the watched variable") && message.contains("would be lost"), "{message}");
    let y = layer.constant(&x);
    assert_eq!(tape.gradient(y, &x).expect("usable").to_vec(), [5.0, 5.0]);
}
