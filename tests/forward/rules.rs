//! Custom rules are transposed, and named where that cannot be done.

use gradcore::prelude::*;

fn tangent(f: impl Fn(&Tensor) -> Tensor) -> Result<Vec<f32>, Error> {
    let x = tf::constant([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&x, tf::constant([1.0, 10.0]))?;
    Ok(acc.jvp(f(&x))?.to_vec())
}

/// The rule is not the derivative: 10 x instead of 2 x. TensorFlow gives [2, 40].
#[custom_gradient]
fn steep(x: &Tensor) -> Tensor {
    (x * x, |dy| dy * x * 10.0)
}

#[test]
fn a_custom_rule_is_honoured() -> Result<(), Error> {
    assert_eq!(tangent(steep)?, [10.0, 200.0]);
    assert_eq!(tangent(|x| steep(x) * 2.0)?, [20.0, 400.0]);
    Ok(())
}

#[custom_gradient]
fn quantize(x: &Tensor) -> Tensor {
    (tf::round(x), |dy| dy)
}

#[test]
fn a_straight_through_estimator_passes_tangents() -> Result<(), Error> {
    assert_eq!(tangent(quantize)?, [1.0, 10.0]);
    Ok(())
}

#[custom_gradient]
fn mixed(x: &Tensor, w: &Tensor, n: i32) -> (Tensor, Tensor) {
    let grad = |du, dv| (du * w + dv, du * x * n);
    ((x * w, x * 1.0), grad)
}

#[test]
fn several_inputs_and_outputs() -> Result<(), Error> {
    let (x, w) = (tf::constant(2.0), tf::constant(3.0));
    let acc = ForwardAccumulator::new((&x, &w), (tf::constant(1.0), tf::constant(1.0)))?;
    let (u, v) = mixed(&x, &w, 5);
    let (du, dv) = acc.jvp((&u, &v))?;
    assert_eq!((du.item(), dv.item()), (3.0 + 2.0 * 5.0, 1.0));
    Ok(())
}

#[custom_gradient]
fn guided(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::maximum(dy, 0.0))
}

#[custom_gradient]
fn clipped(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::clip_by_value(dy, -3.0, 3.0))
}

#[custom_gradient]
fn shifted(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy + 1.0)
}

#[custom_gradient]
fn signs(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::sign(dy))
}

#[custom_gradient]
#[allow_constant_gradient]
fn constant(x: &Tensor) -> Tensor {
    (x * 1.0, |_dy| x)
}

#[test]
fn a_rule_that_is_not_linear_is_named() {
    type Rule = fn(&Tensor) -> Tensor;
    let rules: [(&str, Rule); 5] =
        [("guided", guided), ("clipped", clipped), ("shifted", shifted), ("signs", signs), ("constant", constant)];
    for (name, rule) in rules {
        let error = tangent(|x| tf::exp(rule(x))).expect_err(name);
        assert!(matches!(&error, Error::NotLinear { function, .. } if *function == name), "{name}: {error}");
        assert!(error.to_string().contains("tests/forward/rules.rs:"), "{error}");
    }
}

#[custom_gradient(arrays)]
fn on_arrays(x: ndarray::ArrayView1<'_, f32>) -> ndarray::Array1<f32> {
    (&x * 2.0, |dy| &dy * 2.0)
}

#[test]
fn a_rule_over_arrays_has_no_transpose() {
    let error = tangent(on_arrays).expect_err("no tape sees what it computes").to_string();
    assert!(error.starts_with("the forward-mode derivative of `on_arrays` (tests/forward/rules.rs:"), "{error}");
    assert!(error.ends_with("write it with tensors"), "{error}");
}

#[custom_gradient]
fn through_numbers(x: &Tensor) -> Tensor {
    let grad = |dy| Tensor::from_vec(dy.shape(), dy.to_vec()).expect("as many numbers as elements");
    (x * 1.0, grad)
}

#[test]
fn a_rule_through_plain_numbers_has_no_transpose() {
    let error = tangent(through_numbers).expect_err("no tape sees what it computes").to_string();
    assert!(error.starts_with("the forward-mode derivative of `through_numbers` (tests/forward/rules.rs:"), "{error}");
    assert!(error.ends_with("which no tape sees; write it with tensors"), "{error}");
}

#[custom_gradient]
fn failing(x: &Tensor) -> Tensor {
    let grad = |dy: &Tensor| -> Result<Tensor, String> { Err(format!("no gradient of shape {:?}", dy.shape())) };
    (x * 1.0, grad)
}

#[test]
fn a_rule_that_fails_fails_the_tangent_alone() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let y = failing(&x);
    assert_eq!(y.to_vec(), [1.0, 2.0]);
    let error = acc.jvp(&y + 1.0).unwrap_err().to_string();
    assert!(error.contains("the gradient of `failing`") && error.ends_with("no gradient of shape [2]"), "{error}");
    assert_eq!(acc.jvp(&x * 3.0)?.to_vec(), [3.0, 3.0]);
    Ok(())
}

#[test]
fn a_rule_that_panics_leaves_the_accumulator_usable() -> Result<(), Error> {
    #[custom_gradient]
    fn panicking(x: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| {
            assert!(dy.rank() == 7, "rank 7");
            dy * 1.0
        };
        (x * 1.0, grad)
    }
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panicking(&x)));
    assert!(panicked.is_err());
    assert_eq!(acc.jvp(&x * 3.0)?.to_vec(), [3.0, 3.0]);
    assert_eq!(tape.gradient(&x * 3.0, &x)?.to_vec(), [3.0, 3.0]);
    Ok(())
}
