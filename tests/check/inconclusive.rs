//! Points at which differences tell nothing, or little: a correct gradient is never called wrong there.

use gradcore::check::{Failed, Finding, Report};
use gradcore::prelude::*;

use crate::sin;

/// Neither passed for good reasons nor inconclusive: called wrong.
fn never_wrong(what: &str, check: impl Fn(u64) -> Result<Report, Failed>) {
    for seed in 0..12 {
        if let Err(failed) = check(seed)
            && !failed.report().findings.iter().all(|finding| matches!(finding, Finding::Inconclusive { .. }))
        {
            panic!("{what}: {failed}");
        }
    }
}

/// Right, and the differences are good enough to see it.
fn passes(what: &str, check: impl Fn(u64) -> Result<Report, Failed>) {
    for seed in 0..5 {
        match check(seed) {
            Ok(report) => assert!(report.inputs.iter().all(|input| input.inconclusive.is_empty()), "{what}: {report}"),
            Err(failed) => panic!("{what}: {failed}"),
        }
    }
}

#[test]
fn huge_values() {
    let huge: Tensor = tf::constant([1e15, -3e14, 2e15]);
    passes("f32", |at| check_gradients(|x| tf::square(x), &huge, seed(at)));
    let huge: Tensor<f64> = tf::constant([1e150, -3e149, 2e150]);
    passes("f64", |at| check_gradients(|x| tf::square(x), &huge, seed(at)));
}

/// What is added and taken away again leaves noise, more than a correct gradient may be off.
#[test]
fn cancellation() {
    let x: Tensor<f64> = tf::random::normal([100], seed(1));
    for size in [1e4, 1e8, 1e12] {
        never_wrong(&format!("f64, {size}"), |at| check_gradients(|x| tf::exp(x) + size - size, &x, seed(at)));
    }
    let x: Tensor = tf::random::normal([100], seed(1));
    for size in [10.0, 1e3, 1e4] {
        never_wrong(&format!("f32, {size}"), |at| check_gradients(|x| tf::exp(x) + size - size, &x, seed(at)));
    }
}

/// The slope of 1/x changes within any usual step, and its pole is near.
#[test]
fn near_a_pole() {
    let x: Tensor<f64> = tf::constant([1e-3, -1e-5, 1e-6, 2.0, 1e-7]);
    never_wrong("f64", |at| check_gradients(|x| 1.0 / x, &x, seed(at)));
    for near in [1e-4, 1e-9, 1e-12] {
        never_wrong("f64", |at| check_gradients(|x| 1.0 / x, tf::constant([near, 1.0]), seed(at)));
    }
    let x: Tensor = tf::constant([1e-2, -1e-4, 1e-6, 2.0]);
    never_wrong("f32", |at| check_gradients(|x| 1.0 / x, &x, seed(at)));
    let x: Tensor<f64> = tf::constant([1e-5, 1e-9, 1e-14, 2.0]);
    never_wrong("log", |at| check_gradients(|x| tf::log(x), &x, seed(at)));
    never_wrong("sqrt", |at| check_gradients(|x| tf::sqrt(x), &x, seed(at)));
}

/// A usual step leaves the domain at many elements, which a narrower one does not.
#[test]
fn many_elements_near_the_edge_of_the_domain() {
    let x: Tensor<f64> = tf::random::uniform([200], minval(1e-4).maxval(0.02).seed(5));
    passes("log", |at| check_gradients(|x| tf::log(x), &x, seed(at)));
}

#[test]
fn near_overflow() {
    let x: Tensor = tf::constant([88.0, 80.0, -88.0]);
    passes("f32", |at| check_gradients(|x| tf::exp(x), &x, seed(at)));
    let x: Tensor<f64> = tf::constant([709.0, 700.0, -709.0]);
    passes("f64", |at| check_gradients(|x| tf::exp(x), &x, seed(at)));
}

#[test]
fn faster_than_the_usual_step() {
    let x: Tensor<f64> = tf::random::normal([20], seed(2));
    for frequency in [1e2, 1e4, 1e5] {
        never_wrong("f64", |at| check_gradients(|x| sin(&(x * frequency)), &x, seed(at)));
    }
}

#[custom_gradient]
fn noisy<T: Real>(x: &Tensor<T>, size: f64, factor: f64) -> Tensor<T> {
    (tf::exp(x) + T::of(size) - T::of(size), |dy| dy * tf::exp(x) * T::of(factor))
}

/// A wrong gradient is still found where it stands out of the noise.
#[test]
fn noise_hides_no_gross_error() {
    let x: Tensor<f64> = tf::random::normal([100], seed(1));
    let failed = check_gradients(|x| noisy(x, 1e8, 1.01), &x, ..).expect_err("off by one part in a hundred");
    assert!(matches!(failed.report().findings[..], [Finding::Wrong(_)]), "{failed}");
}

/// The rest is checked although one element drowns it.
#[test]
fn one_noisy_element_is_named_and_left_out() {
    let x: Tensor<f64> = tf::random::normal([50], seed(3));
    let size: Tensor<f64> =
        Tensor::from_vec(&[50], (0..50).map(|i| if i == 17 { 1e9 } else { 0.0 }).collect()).expect("50 numbers");
    let function = |x: &Tensor<f64>| sin(x) + &size - &size;
    let report = check_gradients(function, &x, ..).expect("the rest is right");
    assert_eq!(report.inputs[0].inconclusive, [[17]]);
    assert!(report.to_string().contains("; inconclusive: [17]"), "{report}");
}

/// Where most is inconclusive the check has not taken place, and does not pass.
#[test]
fn where_most_is_noise_the_check_fails_as_inconclusive() {
    let x: Tensor<f64> = tf::random::normal([200], seed(4));
    let failed = check_gradients(|x| noisy(x, 1e12, 1.0), &x, ..).expect_err("nothing could be told");
    assert_eq!(failed.report().findings, [Finding::Inconclusive { input: "input 0".into() }]);
    assert!(
        failed.to_string().starts_with("inconclusive: differences tell nothing about input 0, neither"),
        "{failed}"
    );
}

#[custom_gradient]
fn infinite(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::square(x), |dy| dy * x * 2.0 / tf::where_(tf::greater(x, 1.0), 0.0, 1.0))
}

#[test]
fn an_infinite_gradient_of_a_smooth_function_is_wrong() {
    let failed = check_gradients(infinite, tf::constant([0.5, 2.0]), ..).expect_err("infinite at 2");
    assert!(failed.to_string().contains("wrong at [1]: `grad` gives "), "{failed}");
    assert!(failed.to_string().contains("the function is smooth here, the gradient is not finite"), "{failed}");
}

#[custom_gradient]
fn power(x: &Tensor<f64>, slope: f64) -> Tensor<f64> {
    (tf::sqrt(x) * x, |dy| dy * (tf::sqrt(x) * 1.5 + slope))
}

/// x^1.5 has a slope on the right of 0 alone.
#[test]
fn at_the_edge_of_the_domain_the_side_that_exists_counts() {
    let x: Tensor<f64> = tf::constant([0.0, 2.0]);
    assert!(check_gradients(|x| power(x, 0.0), &x, ..).is_ok());
    let line = |x: &Tensor<f64>| tf::where_(tf::greater_equal(x, 0.0), x * 3.0, f64::NAN);
    let report = check_gradients(line, tf::constant([0.0, 2.0]), ..).expect("3 on the right of 0");
    assert_eq!(report.inputs[0].kinks, [[0]]);
}
