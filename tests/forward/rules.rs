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
        assert!(matches!(&error, Error::NotLinear { call, .. } if call.function == name), "{name}: {error}");
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

/// Keeps what is at least of average size: as linear as can be along any one direction.
#[custom_gradient]
fn sparsified(x: &Tensor) -> Tensor {
    let grad = |dy: &Tensor| {
        let average = tf::reduce_mean(tf::abs(dy), ..);
        tf::where_(tf::abs(dy) >= average, dy, 0.0)
    };
    (x * 1.0, grad)
}

#[custom_gradient]
fn clipped_far_out(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::clip_by_value(dy, -200.0, 200.0))
}

#[custom_gradient]
fn with_a_dead_zone(x: &Tensor) -> Tensor {
    (x * 1.0, |dy: &Tensor| tf::where_(tf::abs(dy) > 0.1, dy, 0.0))
}

#[test]
fn what_is_linear_along_some_directions_alone_is_named() {
    type Rule = fn(&Tensor) -> Tensor;
    let rules: [(&str, Rule); 3] =
        [("sparsified", sparsified), ("clipped_far_out", clipped_far_out), ("with_a_dead_zone", with_a_dead_zone)];
    for (name, rule) in rules {
        let x = tf::constant([1.0; 16]);
        let acc = ForwardAccumulator::new(&x, tf::constant(1.0)).expect("a scalar is stretched");
        let error = acc.jvp(rule(&x)).expect_err(name);
        assert!(matches!(&error, Error::NotLinear { call, .. } if call.function == name), "{name}: {error}");
    }
}

#[test]
fn an_element_that_is_no_number_hides_nothing() -> Result<(), Error> {
    let x = tf::constant([1.0, f32::NAN]);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    assert!(matches!(acc.jvp(shifted(&x)), Err(Error::NotLinear { .. })));
    Ok(())
}

#[custom_gradient]
fn own_softmax(x: &Tensor) -> Tensor {
    let y = tf::nn::softmax(x, ..);
    let grad = |dy| (dy - tf::reduce_sum(dy * &y, axis(-1).keepdims(true))) * &y;
    (&y, grad)
}

#[custom_gradient]
fn own_exp(x: &Tensor) -> Tensor {
    let y = tf::exp(x);
    (&y, |dy| dy * &y)
}

#[custom_gradient]
fn own_sum(x: &Tensor) -> Tensor {
    (tf::reduce_sum(x, ..), |dy| tf::broadcast_to(dy, x.shape()))
}

/// What cancels or underflows in single precision is linear all the same.
#[test]
fn rounding_raises_no_alarm() -> Result<(), Error> {
    for seed in 0..20 {
        for scale in [1.0, 10.0, 40.0, 100.0] {
            let x: Tensor = tf::random::normal([4], stddev(scale).seed(seed));
            let v: Tensor = tf::random::normal([4], tf::options::seed(seed + 100));
            let acc = ForwardAccumulator::new(&x, &v)?;
            let (own, known) = (acc.jvp(own_softmax(&x))?, acc.jvp(tf::nn::softmax(&x, ..))?);
            // The library's own is exact where one probability is nearly 1.
            let pairs = own.to_vec().into_iter().zip(known.to_vec());
            pairs.for_each(|(own, known)| assert!((own - known).abs() <= 1e-6, "{x}: {own}, {known}"));
        }
    }
    let small = tf::constant([-100.0, -101.0, -87.5]);
    let acc = ForwardAccumulator::new(&small, tf::constant(1.0))?;
    assert!(acc.jvp(own_exp(&small)).is_ok());
    let long: Tensor = tf::ones([1_000_000]);
    let acc = ForwardAccumulator::new(&long, tf::constant(0.1))?;
    assert!((acc.jvp(own_sum(&long))?.item() - 1e5).abs() < 0.1);
    Ok(())
}
