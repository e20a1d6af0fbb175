//! Wrong gradients are found, at their element, and the report says what may be wrong.

use gradcore::check::{Cause, CheckedOutputs, Finding, Inputs, Mismatch};
use gradcore::prelude::*;

fn mismatch<I: Inputs, O: CheckedOutputs>(f: impl for<'a> Fn(I::Seen<'a>) -> O, inputs: I) -> Mismatch {
    let failed = check_gradients(f, inputs, ..).expect_err("the rule is wrong");
    match &failed.report().findings[..] {
        [Finding::Wrong(mismatch)] => mismatch.clone(),
        other => panic!("expected one wrong gradient, found {other:?}"),
    }
}

fn random<T: Real>(shape: &[usize]) -> Tensor<T> {
    tf::random::normal(shape, seed(5))
}

#[custom_gradient]
fn doubled<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (tf::tanh(x), |dy| dy * (tf::square(tf::tanh(x)) * -T::ONE + T::ONE) * T::of(2.0))
}

#[test]
fn a_factor() {
    for cause in [mismatch(doubled, random::<f64>(&[50])).cause, mismatch(doubled, random::<f32>(&[50])).cause] {
        let Some(Cause::Factor(factor)) = cause else { panic!("expected a factor, found {cause:?}") };
        assert!((factor - 2.0).abs() < 0.01, "{factor}");
    }
}

#[custom_gradient]
fn turned<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (tf::exp(x), |dy| -(dy * tf::exp(x)))
}

#[test]
fn a_sign() {
    assert_eq!(mismatch(turned, random::<f64>(&[4, 5])).cause, Some(Cause::Sign));
    assert_eq!(mismatch(turned, random::<f32>(&[4, 5])).cause, Some(Cause::Sign));
}

/// The gradient of one element is off by 1e-5 of itself.
#[custom_gradient]
fn one_element(x: &Tensor<f64>, wrong: usize) -> Tensor<f64> {
    let grad = |dy| {
        let mut factors = vec![1.0; x.size()];
        factors[wrong] += 1e-5;
        let factors = Tensor::from_vec(x.shape(), factors).expect("a factor for each element");
        dy * tf::exp(x) * factors
    };
    (tf::exp(x), grad)
}

#[test]
fn one_element_of_a_thousand_by_a_hundred_thousandth() {
    let x = random::<f64>(&[10, 20, 5]);
    for wrong in [0, 1, 499, 500, 637, 999] {
        let found = mismatch(|x| one_element(x, wrong), &x);
        assert_eq!(found.index, [wrong / 100, wrong / 5 % 20, wrong % 5]);
        assert!((found.analytic / found.numeric - 1.00001).abs() < 1e-7, "{found:?}");
        assert!(matches!(found.cause, Some(Cause::SomeElements { right, others }) if right == others), "{found:?}");
    }
}

#[custom_gradient]
#[allow_constant_gradient]
fn ignores_upstream<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let slope = tf::exp(x);
    (tf::exp(x), |_dy| slope)
}

#[test]
fn a_rule_that_ignores_its_upstream() {
    assert_eq!(mismatch(ignores_upstream, random::<f64>(&[6])).cause, Some(Cause::IgnoresUpstream));
    assert_eq!(mismatch(ignores_upstream, random::<f32>(&[6])).cause, Some(Cause::IgnoresUpstream));
}

/// The gradient of b would have to be summed over the rows.
#[custom_gradient]
fn missing_sum(x: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    (x + b, |dy| (dy, dy))
}

#[test]
fn a_sum_that_is_missing_is_an_error_of_the_tape() {
    let (x, b) = (random::<f64>(&[2, 3]), random::<f64>(&[3]));
    let failed = check_gradients(|(x, b)| missing_sum(x, b), (&x, &b), ..).unwrap_err();
    assert!(failed.to_string().contains("summing axis 0 would give it"), "{failed}");
}

/// One row instead of the sum of the rows: the shape is right.
#[custom_gradient]
fn one_row(x: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    (x + b, |dy| (dy, tf::reduce_sum(dy, 0) * 0.5))
}

#[test]
fn the_input_is_named_by_its_place_and_a_variable_by_its_name() {
    let x = random::<f64>(&[2, 3]);
    assert_eq!(mismatch(|(x, b)| one_row(x, b), (&x, &random::<f64>(&[3]))).input, "input 1");
    let b = Variable::new(random::<f64>(&[3])).named("bias");
    assert_eq!(mismatch(|(x, b): (&_, &Variable<f64>)| one_row(x, b), (&x, &b)).input, "`bias`");
}

#[custom_gradient]
fn nothing_flows(x: &Tensor<f64>, w: &Tensor<f64>) -> Tensor<f64> {
    (x * w, |dy| (dy * w, None))
}

#[test]
fn a_gradient_that_is_left_out() {
    let found = mismatch(|(x, w)| nothing_flows(x, w), (&random::<f64>(&[3]), &(random::<f64>(&[3]) + 3.0)));
    assert_eq!((&*found.input, found.cause), ("input 1", Some(Cause::NoGradient)));
}

#[custom_gradient]
fn leaky(x: &Tensor, wrong: f32) -> Tensor {
    (tf::where_(x > 0, x, x * 0.2), |dy| tf::where_(x > 0, dy, dy * 0.2 * wrong))
}

/// Where many elements are within a step of a kink, the others are still looked at.
#[test]
fn kinks_hide_nothing() {
    let x: Tensor = random(&[1000]);
    assert!(check_gradients(|x| leaky(x, 1.0), &x, ..).is_ok());
    for at in 0..20 {
        let failed = check_gradients(|x| leaky(x, 1.05), &x, seed(at)).expect_err("the rule is wrong");
        let [Finding::Wrong(found)] = &failed.report().findings[..] else { panic!("{failed}") };
        assert!((found.analytic / found.numeric - 1.05).abs() < 0.01, "{failed}");
    }
}

#[custom_gradient]
fn jumps_to_nan(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::square(x), |dy| dy * x * 2.0 * tf::where_(tf::greater(x, 1.0), f64::NAN, 1.0))
}

#[test]
fn a_gradient_that_is_not_finite() {
    let found = mismatch(jumps_to_nan, tf::constant([0.5, 0.7, 1.5, 0.9]));
    assert_eq!((found.index, found.cause), (vec![2], Some(Cause::NotFinite)));
}

/// dx · A for A · dx, of square matrices.
#[custom_gradient]
fn swapped(x: &Tensor<f64>, scale: &Tensor<f64>) -> Tensor<f64> {
    (x * scale, |dy| (tf::transpose(dy * scale, perm([0, 2, 1])), tf::reduce_sum(dy * x, ..)))
}

#[test]
fn a_gradient_that_is_transposed() {
    let found = mismatch(|x| swapped(x, &tf::constant(2.0)), random::<f64>(&[2, 4, 4]));
    assert_eq!(found.cause, Some(Cause::Transposed));
    assert!(found.to_string().ends_with("; it is transposed: right after the last two axes are swapped"), "{found}");
}

/// The elements in the order of columns.
#[custom_gradient]
fn by_columns(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::exp(x), |dy| tf::reshape(tf::transpose(dy * tf::exp(x), ..), x.shape()))
}

#[test]
fn a_gradient_that_is_transposed_and_has_the_shape() {
    assert_eq!(mismatch(by_columns, random::<f64>(&[3, 5])).cause, Some(Cause::Transposed));
}

#[custom_gradient]
fn backwards(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy: &Tensor<f64>| {
        let mut elements = (dy * tf::exp(x)).to_vec();
        elements.reverse();
        Tensor::from_vec(x.shape(), elements).expect("the same size")
    };
    (tf::exp(x), grad)
}

#[test]
fn a_gradient_that_is_reversed() {
    assert_eq!(mismatch(backwards, random::<f64>(&[20])).cause, Some(Cause::Reversed));
}

/// The mean of the upstream gradient in place of each element.
#[custom_gradient]
fn assumes_ones(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::exp(x), |dy| tf::exp(x) * tf::reduce_mean(dy, ..))
}

#[test]
fn a_gradient_that_assumes_an_upstream_of_ones() {
    let found = mismatch(assumes_ones, random::<f64>(&[12]));
    assert_eq!(found.cause, Some(Cause::AssumesOnes));
    assert!(found.to_string().contains("; it assumes an upstream of ones: for that it is right"), "{found}");
}

#[test]
fn the_report_reads_well() {
    let failed = check_gradients(doubled, tf::constant([[0.5f64, 1.0]]), seed(3)).unwrap_err();
    let lines: Vec<String> = failed.to_string().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("the gradient of input 0 is wrong at [0, "), "{failed}");
    assert!(lines[0].ends_with("ratio 2.000000; it is off by the factor 2.000000 throughout"), "{failed}");
    assert_eq!(lines[1], "  input 0, shape [1, 2]: see above");
    assert!(lines[2].starts_with("  seed 3, directions 3, evaluations "), "{failed}");
}

#[custom_gradient]
fn quantized(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::round(x), |dy| dy)
}

#[custom_gradient]
fn clipped(x: &Tensor<f64>) -> Tensor<f64> {
    (x * 1.0, |dy| tf::clip_by_value(dy, -0.01, 0.01))
}

#[test]
fn a_gradient_that_is_meant_is_told_from_one_that_ignores_its_upstream() {
    let found = mismatch(quantized, tf::constant([0.2, 1.3, -2.2, 0.7]));
    assert_eq!(found.cause, Some(Cause::Flat));
    assert!(found.to_string().contains("`not_a_derivative(\"…\")`"), "{found}");
    let clipped = check_gradients(clipped, random::<f64>(&[6]), ..).unwrap_err().to_string();
    assert!(!clipped.contains("multiply by the upstream"), "{clipped}");
}

#[test]
fn a_failed_check_prints_its_report_when_it_is_unwrapped() {
    let failed = check_gradients(turned, random::<f64>(&[4]), ..).unwrap_err();
    assert_eq!(format!("{failed:?}"), failed.to_string());
}
