//! What holds for every gradient: linearity, what is watched and asked for, single outputs, tapes, layouts.

use std::cell::Cell;

use gradcore::check::{CheckedOutputs, Finding, Inputs};
use gradcore::prelude::*;

fn random(shape: &[usize], number: u64) -> Tensor<f64> {
    tf::random::normal(shape, seed(400 + number))
}

fn only_finding<I: Inputs, O: CheckedOutputs>(f: impl for<'a> Fn(I::Seen<'a>) -> O, inputs: I) -> Finding {
    let failed = check_gradients(f, inputs, ..).expect_err("the rule is wrong");
    match &failed.report().findings[..] {
        [finding] => finding.clone(),
        _ => panic!("expected one finding, found {failed}"),
    }
}

/// Right for normally distributed upstream gradients, which are hardly ever greater than 10.
#[custom_gradient]
fn clipped_far_out(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::exp(x), |dy| tf::clip_by_value(dy, -10.0, 10.0) * tf::exp(x))
}

#[test]
fn a_gradient_that_is_not_linear_in_its_upstream() {
    let finding = only_finding(clipped_far_out, random(&[5], 0));
    assert!(matches!(finding, Finding::NotLinear { upstream: "-1024 v", .. }), "{finding}");
    let text = finding.to_string();
    assert!(text.contains(" for the upstream gradient -1024 v, expected "), "{text}");
    assert!(text.ends_with("if that is meant, say `not_linear` with the reason"), "{text}");
}

/// 1e-9 more than the derivative, which differences do not see.
#[custom_gradient]
fn offset(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::exp(x), |dy| dy * tf::exp(x) + 1e-9)
}

#[test]
fn an_upstream_of_zeros_that_gives_something() {
    let finding = only_finding(offset, random(&[5], 1));
    assert!(matches!(&finding, Finding::ZeroUpstream(change) if (change.found - 1e-9).abs() < 1e-20), "{finding}");
    assert_eq!(
        finding.to_string(),
        "the gradient of input 0 is 1e-9 at [0] where the upstream gradient is zero, expected 0.0; multiply by the upstream gradient"
    );
}

thread_local! {
    static FLAG: Cell<f64> = const { Cell::new(1.0) };
}

/// The second gradient is right only if the first was computed before it.
#[custom_gradient]
fn second_needs_first(x: &Tensor<f64>, y: &Tensor<f64>) -> Tensor<f64> {
    fn first(dy: &Tensor<f64>) -> Tensor<f64> {
        FLAG.set(2.0);
        dy * 1.0
    }
    fn second(dy: &Tensor<f64>) -> Tensor<f64> {
        dy * (FLAG.replace(1.0) - 1.0)
    }
    FLAG.set(1.0);
    (x + y, |dy| (first(dy), second(dy)))
}

#[test]
fn gradients_that_depend_on_what_is_watched() {
    let finding = only_finding(|(x, y)| second_needs_first(x, y), (random(&[2], 2), random(&[2], 3)));
    let Finding::Watched { inputs, change } = &finding else { panic!("{finding}") };
    assert_eq!((&inputs[..], &*change.input, change.found), (&["input 1".to_owned()][..], "input 1", 0.0));
    assert!(finding.to_string().contains(" if only input 1 is watched, and "), "{finding}");
}

thread_local! {
    static DRAWN: Cell<f64> = const { Cell::new(1.0) };
}

#[custom_gradient]
fn drifting(x: &Tensor<f64>) -> Tensor<f64> {
    fn drift() -> f64 {
        DRAWN.replace(DRAWN.get() + 1e-10)
    }
    (x * 2.0, |dy| dy * 2.0 * drift())
}

#[test]
fn a_gradient_that_is_another_each_time() {
    let finding = only_finding(drifting, random(&[3], 4));
    assert!(matches!(finding, Finding::RandomGradient(_)), "{finding}");
    assert!(finding.to_string().contains("is not deterministic: at [0] it was "), "{finding}");
}

/// Its captured count is used up by the first pass.
#[custom_gradient]
fn used_up(x: &Tensor<f64>) -> Tensor<f64> {
    let left = std::rc::Rc::new(Cell::new(1.0));
    (x * 2.0, |dy| dy * 2.0 * left.replace(0.0))
}

#[test]
fn a_persistent_tape_that_gives_another_gradient() {
    let finding = only_finding(used_up, random(&[3], 5));
    assert!(matches!(&finding, Finding::PersistentTape { second: false, change } if change.found == 0.0), "{finding}");
    assert!(finding.to_string().ends_with("`grad` must not change what it has captured"), "{finding}");
}

#[test]
fn storage_that_is_shared_and_arrays_turned_around_make_no_difference() {
    for shape in [&[2, 3][..], &[0, 3], &[1], &[], &[2, 3, 4]] {
        let report = check_gradients(|x| tf::exp(x) * tf::reduce_sum(x, ..), random(shape, 6), ..);
        assert!(report.is_ok(), "{report:?}");
    }
}

#[custom_gradient]
fn pair(x: &Tensor<f64>, y: &Tensor<f64>) -> (Tensor<f64>, Tensor<f64>) {
    ((x * y, x + y), |a, b| (a * y + b, a * x + b))
}

#[test]
fn several_outputs_and_many_inputs_pass() {
    assert!(check_gradients(|(x, y)| pair(x, y), (random(&[4], 8), random(&[4], 9)), ..).is_ok());
    let many: Vec<Tensor<f64>> = (0..7).map(|number| random(&[2], 10 + number)).collect();
    let product = |many: Vec<&Tensor<f64>>| many.into_iter().fold(tf::ones([2]), |product, next| product * next);
    assert!(check_gradients(product, many, ..).is_ok());
}

/// The gradient goes through plain numbers, which forward mode cannot transpose.
#[custom_gradient]
fn through_numbers(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy| {
        let halves = dy.to_vec().into_iter().map(|number| number * 0.5).collect();
        Tensor::from_vec(dy.shape(), halves).expect("as many numbers as elements")
    };
    (x * 0.5, grad)
}

#[test]
fn a_gradient_without_a_transpose_is_not_wrong() {
    assert!(check_gradients(through_numbers, tf::constant([1.0f64, 2.0, 3.0]), ..).is_ok());
}

/// The gradient is doubled for upstream gradients that are all of moderate size, as those of forward mode are.
#[custom_gradient]
fn uneven(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy| {
        let is_moderate = dy.to_vec().iter().all(|number| (0.5..1.5).contains(&number.abs()));
        if is_moderate { dy * 2.0 } else { dy * 1.0 }
    };
    (x * 1.0, grad)
}

#[test]
fn a_rule_that_forward_mode_alone_finds_not_linear() {
    let failed = check_gradients(uneven, tf::constant([1.0f64; 40]), ..).unwrap_err();
    let text = failed.to_string();
    assert!(text.contains("in forward mode: `uneven`") && text.contains("is not linear in the upstream"), "{text}");
}
