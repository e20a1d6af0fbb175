//! What `docs/tensorflow.md` says and no other test proves: rows are those of the page.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::{assert_near, derivative, reason, watched};

struct Layer {
    w: Variable,
    b: Variable,
}

impl Layer {
    fn new(w: f32, b: f32) -> Self {
        Layer { w: Variable::new(w), b: Variable::new(b) }
    }

    /// w is an argument too.
    #[custom_gradient]
    fn with_its_own_weight(&self, w: &Variable) -> Tensor {
        (&self.w * 2.0, |dy| dy * 2.0 + w * 0.0)
    }

    #[custom_gradient]
    fn seventh(&self, x: &Tensor) -> Tensor {
        (x * self.b.item(), |dy| dy * 7.0)
    }

    #[custom_gradient]
    fn stopped(&self, x: &Tensor) -> Tensor {
        (x * tf::stop_gradient(&self.w), |dy| dy * 5.0)
    }

    #[custom_gradient(variables(self.b, self.w))]
    fn in_the_order_of_the_list(&self, x: &Tensor) -> Tensor {
        (x * &self.w + &self.b, |dy| (dy * 1.0, dy * 2.0, dy * 3.0))
    }

    #[custom_gradient(variables(self.w))]
    fn of_another_shape(&self, x: &Tensor) -> Tensor {
        (x * &self.w, |dy| (dy * 1.0, tf::broadcast_to(dy, [3, 3])))
    }
}

#[test]
fn row_1_26_a_variable_that_is_an_argument_may_be_read_by_the_body() -> Result<(), Error> {
    let layer = Layer::new(3.0, 0.0);
    let tape = GradientTape::new();
    let y = layer.with_its_own_weight(&layer.w);
    assert_eq!(tape.gradient(&y, &layer.w)?.item(), 2.0);
    Ok(())
}

#[test]
fn row_1_34_a_method_called_by_its_type_is_the_same() -> Result<(), Error> {
    let layer = Layer::new(3.0, 2.0);
    assert_eq!(derivative(|x| Layer::seventh(&layer, x), &tf::constant(1.0))?.item(), 7.0);
    Ok(())
}

#[test]
fn row_1_39_an_output_in_a_tuple_of_one() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> (Tensor,) {
        ((x * 2.0,), |(dy,)| dy * 3.0)
    }
    assert_eq!(derivative(|x| f(x).0, &tf::constant(1.0))?.item(), 3.0);
    Ok(())
}

#[test]
fn row_1_47_a_bool_output_arrives_as_false() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> (Tensor, Tensor<bool>) {
        ((x * 2.0, x > 0), |dy, d_sign| tf::where_(d_sign, dy * 100.0, dy * 3.0))
    }
    let (x, tape) = watched(1.0);
    let (y, positive) = f(&x);
    assert!(positive.item());
    assert_eq!(tape.gradient(&y, &x)?.item(), 3.0);
    Ok(())
}

#[test]
fn row_1_49_an_output_that_does_not_depend_on_the_input() -> Result<(), Error> {
    #[custom_gradient]
    fn f(_x: &Tensor) -> Tensor {
        (tf::constant(5.0), |dy| dy * 3.0)
    }
    assert_eq!(derivative(f, &tf::constant(1.0))?.item(), 3.0);
    Ok(())
}

/// `.item()` and `stop_gradient` make constants, for which no gradient is asked.
#[test]
fn row_1_71_what_is_no_read_of_a_variable() -> Result<(), Error> {
    let layer = Layer::new(3.0, 2.0);
    assert_eq!(derivative(|x| layer.seventh(x), &tf::constant(1.0))?.item(), 7.0);
    assert_eq!(derivative(|x| layer.stopped(x), &tf::constant(1.0))?.item(), 5.0);
    Ok(())
}

#[test]
fn row_1_74_gradients_of_variables_come_in_the_order_of_the_list() -> Result<(), Error> {
    let layer = Layer::new(3.0, 2.0);
    let (x, tape) = watched(1.0);
    let y = layer.in_the_order_of_the_list(&x);
    let (dw, db) = tape.gradient(&y, (&layer.w, &layer.b))?;
    assert_eq!((dw.item(), db.item()), (3.0, 2.0));
    Ok(())
}

#[test]
fn row_1_75_a_gradient_of_a_variable_of_another_shape_is_named() {
    let layer = Layer::new(3.0, 2.0);
    let (x, tape) = watched(1.0);
    let y = layer.of_another_shape(&x);
    let Err(Error::GradientShape(error)) = tape.gradient(&y, &layer.w) else { panic!("the shape is wrong") };
    assert_eq!((error.call.function, &error.parameter[..]), ("of_another_shape", "self.w"));
    assert_eq!((&error.expected[..], &error.found[..]), (&[][..], &[3, 3][..]));
}

#[test]
fn row_1_104_a_variable_read_through_stop_gradient_is_not_watched() {
    let v: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let _ = tf::stop_gradient(&v) * 2.0;
    assert!(tape.watched_variables().is_empty());
}

#[test]
fn row_2_13_a_number_that_was_read_is_a_constant() {
    let (x, tape) = watched(3.0);
    let y = tf::constant(x.item() * x.item());
    let Unconnected::Stopped { by } = reason(tape.gradient(&y, &x)) else { panic!("two numbers were read") };
    assert!(
        by.len() == 2 && by.iter().all(|place| place.starts_with("`item` at tests/suites/behaviours.rs")),
        "{by:?}"
    );
}

#[test]
fn row_2_16_a_name_bound_again_means_the_new_tensor() -> Result<(), Error> {
    let v: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let v = &v + 1.0;
    assert_eq!(tape.gradient(&v * &v, &v)?.item(), 8.0);
    Ok(())
}

#[test]
fn row_2_55_what_a_stopped_tape_computes_has_no_gradient() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = &x * &x * &x;
    let stopped = tape.stop_recording();
    let first = tape.gradient(&y, &x)?;
    drop(stopped);
    assert_eq!(first.item(), 12.0);
    assert_eq!(reason(tape.gradient(&first, &x)), Unconnected::WhileStopped);
    Ok(())
}

/// TensorFlow: NaN.
#[test]
fn row_2_100_the_gradient_of_a_length_of_zero_is_zero() -> Result<(), Error> {
    let zeros: Tensor = tf::zeros([2]);
    assert_eq!(derivative(|x| tf::norm(x, ..), &zeros)?.to_vec(), [0.0, 0.0]);
    assert_eq!(derivative(|x| tf::global_norm([x]), &zeros)?.to_vec(), [0.0, 0.0]);
    Ok(())
}

/// The rule of TensorFlow's documentation, beside `softplus`, which is exact in value too.
#[test]
fn row_2_109_log1pexp() -> Result<(), Error> {
    #[custom_gradient]
    fn log1pexp(x: &Tensor) -> Tensor {
        let e = tf::exp(x);
        (tf::log(&e + 1.0), |dy| dy * (1.0 - 1.0 / (&e + 1.0)))
    }
    let x = tf::constant([-100.0, 0.0, 100.0]);
    assert_eq!(derivative(log1pexp, &x)?.to_vec(), [0.0, 0.5, 1.0]);
    assert_eq!(log1pexp(&x).to_vec()[2], f32::INFINITY);
    assert!(derivative(|x| tf::log(tf::exp(x) + 1.0), &x)?.to_vec()[2].is_nan());
    assert_eq!(tf::nn::softplus(&x).to_vec()[2], 100.0);
    let softplus = derivative(|x| tf::nn::softplus(x), &x)?.to_vec();
    [0.0, 0.5, 1.0].into_iter().zip(softplus).for_each(|(expected, found)| assert_near(found, expected, 1e-7));
    Ok(())
}
