//! Which call made the first NaN or infinity.

use gradcore::prelude::*;
use gradcore::{BadValue, NotFinite, TensorOfCall};

/// What a tape found.
#[track_caller]
fn found<G>(gradient: Result<G, Error>) -> NotFinite {
    match gradient {
        Err(Error::NotFinite(found)) => *found,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing was found"),
    }
}

/// A tape that checks, and watches.
fn checking(x: &Tensor) -> GradientTape {
    let tape = GradientTape::new().check_numerics(true);
    tape.watch(x);
    tape
}

fn input(name: &str) -> TensorOfCall {
    TensorOfCall::Input(name.into())
}

#[test]
fn the_call_that_made_the_first_infinity() {
    let x = tf::constant([[2.0, 1.0], [0.0, -1.0]]);
    let tape = checking(&x);
    let (logarithm, line) = (tf::log(&x * 1.0), line!());
    let y = tf::exp(tf::reduce_sum(logarithm, ..));
    let error = tape.gradient(&y, &x).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("`log` (gradcore/src/ops/math.rs:"), "{text}");
    assert!(text.contains(&format!("called at tests/debugging/numerics.rs:{line}:")), "{text}");
    assert!(
        text.ends_with(
            "made the first number that is not finite: -inf at [1, 0] in its output; its inputs were finite"
        ),
        "{text}"
    );
    let found = found::<()>(Err(error));
    assert_eq!((found.call.function, found.call.called.line()), ("log", line));
    assert_eq!((found.made.tensor, found.made.value), (TensorOfCall::Output(None), BadValue::NegativeInfinity));
    assert_eq!(found.made.index, [1, 0]);
}

/// NaN in the data: no call made it.
#[test]
fn a_nan_that_is_a_constant_among_the_inputs() {
    let x = tf::constant([1.0, 2.0]);
    let data: Tensor = tf::constant([0.0, f32::NAN]);
    let tape = checking(&x);
    let y = &x * &data;
    let found = found(tape.gradient(&y, &x));
    assert_eq!((found.call.function, found.made.value), ("multiply", BadValue::Nan));
    assert_eq!(found.given.len(), 1);
    assert_eq!((&found.given[0].tensor, &found.given[0].index[..]), (&input("y"), &[1][..]));
    let text = found.to_string();
    assert!(
        text.ends_with(
            "is the first recorded call whose output is not finite: NaN at [1] in its output; there was NaN at \
             [1] in its input `y` before; look at where that comes from"
        ),
        "{text}"
    );
}

#[test]
fn a_nan_in_a_variable_and_in_what_is_not_differentiated() {
    #[custom_gradient]
    fn scale(x: &Tensor, #[nondiff] by: &Tensor) -> Tensor {
        (x * by, |dy| dy * by)
    }
    let w: Variable = Variable::new(f32::NAN);
    let tape = GradientTape::new().check_numerics(true);
    let y = &w * 2.0;
    assert_eq!(found(tape.gradient(&y, &w)).given[0].tensor, input("x"));

    let x = tf::constant(1.0);
    let tape = checking(&x);
    let y = scale(&x, &tf::constant(f32::INFINITY));
    let found = found(tape.gradient(&y, &x));
    assert_eq!((found.call.function, &found.given[0].tensor), ("scale", &TensorOfCall::Nondiff));
}

/// √x at 0: the value is finite, the derivative 1 / (2√0) is not.
#[test]
fn the_rule_that_gave_the_first_infinite_gradient() {
    let x = tf::constant([4.0, 0.0]);
    let tape = checking(&x);
    let y = tf::reduce_sum(tf::sqrt(&x) * 3.0, ..);
    let found = found(tape.gradient(&y, &x));
    assert_eq!((found.call.function, found.made.index.as_slice()), ("sqrt", &[1][..]));
    assert_eq!(found.made.tensor, TensorOfCall::Gradient("x".into()));
    assert_eq!(found.given, []);
    let text = found.to_string();
    assert!(
        text.ends_with(
            "made the first number in the backward pass that is not finite: inf at [1] in its gradient of `x`; its \
             inputs and what is upstream were finite"
        ),
        "{text}"
    );
}

#[test]
fn an_upstream_gradient_that_was_infinite_before() {
    let x = tf::constant([1.0, 2.0]);
    let tape = checking(&x);
    let y = &x * 3.0;
    let found = found(tape.gradient_with(&y, &x, output_gradients(tf::constant([1.0, f32::INFINITY]))));
    assert_eq!(found.made.tensor, TensorOfCall::Gradient("x".into()));
    assert_eq!(found.given.len(), 1);
    assert_eq!((&found.given[0].tensor, found.given[0].value), (&TensorOfCall::Upstream(None), BadValue::Infinity));
}

/// e⁻ˣ at infinity is 0; its derivative as it is written below is 0 · inf.
#[test]
fn an_input_that_was_infinite_and_whose_output_is_finite() {
    #[custom_gradient]
    fn damped(x: &Tensor) -> Tensor {
        (tf::exp(-x), |dy| -dy * tf::exp(-x) * x)
    }
    let x = tf::constant([0.0, f32::INFINITY]);
    let tape = checking(&x);
    let y = tf::exp(-tf::stop_gradient(&x)) * &tf::ones([2]);
    assert!(tape.gradient_with(&y, &x, unconnected_gradients(UnconnectedGradients::Zero)).is_ok());

    let tape = checking(&x);
    let found = found(tape.gradient(damped(&x), &x));
    assert_eq!((found.call.function, &found.made.tensor), ("damped", &TensorOfCall::Gradient("x".into())));
    assert_eq!((&found.given[0].tensor, found.given[0].value), (&input("x"), BadValue::Infinity));
}

/// Two gradients of 3e38 have a sum beyond the greatest `f32`.
#[test]
fn a_sum_of_gradients_that_overflows() {
    let x = tf::constant([1e-5, 0.0]);
    let tape = checking(&x);
    let y = &x * 3e38 + &x * 3e38;
    let found = found(tape.gradient(&y, &x));
    assert_eq!((found.call.function, found.made.tensor), ("multiply", TensorOfCall::Sum("x".into())));
    assert_eq!((found.made.index, found.made.value), (vec![0], BadValue::Infinity));
}

/// What a mask hides is reported where it was made, and has no part in the gradient.
#[test]
fn a_masked_infinity_is_reported_as_what_it_is() -> Result<(), Error> {
    let x = tf::constant([1.0, 0.0]);
    let masked = |x: &Tensor| tf::where_(tf::greater(x, 0), tf::log(x), tf::constant(0.0));
    let tape = checking(&x);
    let y = masked(&x);
    assert_eq!(y.to_vec(), [0.0, 0.0]);
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "log");

    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(tape.gradient(masked(&x), &x)?.to_vec(), [1.0, 0.0]);
    Ok(())
}

#[test]
fn the_second_of_several_outputs_and_a_tensor_of_a_list() {
    #[custom_gradient]
    fn halves(xs: &[Tensor]) -> (Tensor, Tensor) {
        ((&xs[0] / 2.0, &xs[1] / 0.0), |dy, dz| vec![dy / 2.0, dz / 0.0])
    }
    let xs = [tf::constant(1.0), tf::constant(1.0)];
    let tape = GradientTape::new().check_numerics(true);
    tape.watch(&xs);
    let (y, z) = halves(&xs);
    let error = found(tape.gradient((&y, &z), &xs));
    assert_eq!((error.made.tensor, error.made.index), (TensorOfCall::Output(Some(1)), vec![]));
    assert_eq!(error.given, []);

    let xs = [tf::constant(1.0), tf::constant(f32::NAN)];
    let tape = GradientTape::new().check_numerics(true);
    tape.watch(&xs);
    let (y, z) = halves(&xs);
    assert_eq!(found(tape.gradient((&y, &z), &xs)).given[0].tensor, input("xs[1]"));
}

#[test]
fn a_persistent_tape_stays_usable() -> Result<(), Error> {
    let x: Tensor = tf::constant(0.0);
    let tape = GradientTape::persistent().check_numerics(true);
    tape.watch(&x);
    let (y, z) = (tf::log(&x), &x * 3.0);
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "log");
    assert_eq!(tape.gradient(&z, &x)?.item().to_bits(), 3.0f32.to_bits());
    assert_eq!(found(tape.gradient(&y + &z, &x)).call.function, "log");
    tape.reset();
    tape.watch(&x);
    assert_eq!(found(tape.gradient(tf::log(&x), &x)).call.function, "log");
    assert_eq!(tape.gradient(&x * 3.0, &x)?.item().to_bits(), 3.0f32.to_bits());
    Ok(())
}

/// Where a second derivative is possible, the body's own calls are on the tape too, for what `grad` captures of them.
#[test]
fn a_function_whose_body_makes_it() -> Result<(), Error> {
    #[custom_gradient]
    fn entropy(x: &Tensor) -> Tensor {
        let ln = tf::log(x);
        (x * &ln, |dy| dy * (&ln + 1.0))
    }
    let x: Tensor = tf::constant(0.0);
    let tape = checking(&x);
    assert_eq!(found(tape.gradient(entropy(&x), &x)).call.function, "entropy");
    let tape = GradientTape::persistent().check_numerics(true);
    tape.watch(&x);
    let y = entropy(&x);
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "entropy");

    // At 1 the first derivative is ln 1 + 1, the second 1 / 1.
    let x: Tensor = tf::constant(1.0);
    tape.watch(&x);
    let dy = tape.gradient(entropy(&x), &x)?;
    assert_eq!(tape.gradient(&dy, &x)?.to_vec(), [1.0]);
    Ok(())
}

/// `x * stop_gradient(log(x))`: `multiply` has a bad input, which came from `log` by a way without gradient.
#[test]
fn a_number_that_came_by_a_way_without_gradient() {
    let x: Tensor = tf::constant(0.0);
    let tape = checking(&x);
    let y = &x * tf::stop_gradient(tf::log(&x));
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "log");
}

#[test]
fn fused_functions_and_functions_over_arrays() {
    #[custom_gradient(elementwise)]
    fn logarithm(x: f32) -> f32 {
        (x.ln(), |dy| dy / x)
    }
    #[custom_gradient(arrays)]
    fn inverse(x: ArrayView1<f32>) -> Array1<f32> {
        let y = x.mapv(f32::recip);
        (y.clone(), |dy| -&dy * &y * &y)
    }
    use ndarray::{Array1, ArrayView1};
    let x = tf::constant([1.0, 0.0]);
    let (one, two) = (checking(&x), checking(&x));
    assert_eq!(found(one.gradient(logarithm(&x), &x)).call.function, "logarithm");
    assert_eq!(found(two.gradient(inverse(&x), &x)).call.function, "inverse");
}

#[test]
fn a_tape_that_does_not_check_lets_everything_pass() -> Result<(), Error> {
    let x: Tensor = tf::constant(0.0);
    let (outer, tape) = (GradientTape::new(), checking(&x));
    outer.watch(&x);
    let y = tf::log(&x);
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "log");
    assert!(outer.gradient(&y, &x)?.item().is_infinite());
    let off = checking(&x).check_numerics(false);
    assert!(off.gradient(tf::log(&x), &x)?.item().is_infinite());
    Ok(())
}

/// A rule may panic between what is noted of it and its end.
#[test]
fn a_panic_in_a_body_leaves_no_notes_behind() {
    #[custom_gradient]
    fn explodes(x: &Tensor) -> Tensor {
        assert!(x.item().is_finite());
        (x * 1.0, |dy| dy)
    }
    let (x, bad) = (tf::constant(0.0), tf::constant(f32::NAN));
    let tape = GradientTape::persistent().check_numerics(true);
    tape.watch((&x, &bad));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| explodes(&bad)));
    assert!(panicked.is_err());
    assert_eq!(found(tape.gradient(tf::log(&x), &x)).given, []);
}

/// Everything that runs a pass says so.
#[test]
fn a_jacobian_and_a_tensor_with_a_hook() -> Result<(), Error> {
    let x = tf::constant([4.0, 0.0]);
    let tape = GradientTape::persistent().check_numerics(true);
    tape.watch(&x);
    let (y, z) = (tf::sqrt(&x), tf::log(&x));
    assert_eq!(found(tape.jacobian(&z, &x)).call.function, "log");
    assert_eq!(found(tape.jacobian(&y, &x)).made.tensor, TensorOfCall::Gradient("x".into()));

    let tape = checking(&x);
    let y = tf::sqrt(&x);
    tape.register_hook(&y, |dy| dy * 2.0)?;
    assert_eq!(found(tape.gradient(&y, &x)).call.function, "sqrt");
    Ok(())
}
