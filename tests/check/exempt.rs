//! Gradients that are no derivative, on purpose: what is still checked.

use gradcore::check::{Exempt, Finding};
use gradcore::prelude::*;

fn random(shape: &[usize]) -> Tensor<f64> {
    tf::random::normal(shape, seed(600))
}

#[custom_gradient]
fn straight_through(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::round(x), |dy| dy)
}

#[custom_gradient]
fn reversed(x: &Tensor<f64>) -> Tensor<f64> {
    (x * 1.0, |dy| -dy)
}

#[test]
fn the_reason_is_told() {
    for rule in [straight_through, reversed] {
        assert!(check_gradients(rule, random(&[3]), ..).is_err());
        let report = check_gradients(rule, random(&[3]), not_a_derivative("not meant to be one")).expect("exempt");
        assert_eq!(report.exempt, Some(Exempt::Derivative("not meant to be one".into())));
        assert_eq!(
            report.to_string(),
            "nothing is wrong with the gradients as such\n  not compared with differences: not meant to be one\n  seed 0, directions 3, evaluations 0"
        );
    }
}

#[custom_gradient]
fn clipped(x: &Tensor<f64>) -> Tensor<f64> {
    (x * 1.0, |dy| tf::clip_by_value(dy, -0.1, 0.1))
}

#[custom_gradient]
#[allow_constant_gradient]
fn constant(x: &Tensor<f64>) -> Tensor<f64> {
    let ones = tf::ones_like(x);
    (tf::round(x), |_dy| ones)
}

#[test]
fn linearity_is_exempt_by_its_own_name() {
    let failed = check_gradients(|x| clipped(x), random(&[3]), not_a_derivative("clipped")).expect_err("not linear");
    assert!(matches!(failed.report().findings[..], [Finding::NotLinear { .. }]), "{failed}");
    let report = check_gradients(|x| clipped(x), random(&[3]), not_linear("clipped")).expect("exempt");
    assert!(report.to_string().contains("nor for linearity in the upstream gradient: clipped"), "{report}");
    let failed = check_gradients(|x| constant(x), random(&[3]), not_linear("constant")).expect_err("not zero");
    assert!(matches!(failed.report().findings[..], [Finding::ZeroUpstream(_)]), "{failed}");
}

#[custom_gradient]
fn transposed(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::round(x), |dy| tf::transpose(dy, ..))
}

#[test]
fn the_shape_is_still_checked() {
    let failed = check_gradients(|x| transposed(x), random(&[2, 3]), not_a_derivative("rounded")).expect_err("shape");
    assert!(failed.to_string().contains("[3, 2]"), "{failed}");
}

#[test]
fn second_derivatives_are_those_of_the_gradient_itself() {
    let options = || not_a_derivative("straight-through estimator").order(2);
    assert!(
        check_gradients(|x| tf::exp(straight_through(x)) * x, random(&[3]), options()).is_err(),
        "round is a staircase"
    );
    assert!(check_gradients(|x| straight_through(x), random(&[3]), options()).is_ok());
}

#[test]
#[should_panic(expected = "expected a reason, found an empty one")]
fn a_reason_is_needed() {
    let _ = not_a_derivative(" ");
}
