//! The option `order(2)`: second derivatives agree, are refused, or are wrong.

use gradcore::check::{Cause, Finding, Second};
use gradcore::prelude::*;

use crate::sin;

fn random<T: Real>(shape: &[usize]) -> Tensor<T> {
    tf::random::normal(shape, seed(500))
}

fn agree<T: Real>() {
    let x: Tensor<T> = random(&[2, 3]);
    for at in 0..5 {
        let report = check_gradients(|x| tf::tanh(tf::exp(x)), &x, order(2).seed(at)).expect("both are right");
        let Some(Second::Compared(inputs)) = &report.second else { panic!("{report}") };
        assert_eq!((&*inputs[0].name, &*inputs[1].name), ("input 0", "the upstream gradient"));
        assert!(
            report.to_string().contains("  second derivative in the upstream gradient, shape [2, 3]: "),
            "{report}"
        );
        let report = check_gradients(|x| sin(x), &x, elementwise().order(2).seed(at)).expect("by dual numbers");
        assert!(matches!(report.second, Some(Second::Compared(_))), "{report}");
        let matrices = (&x, &tf::transpose(&x, ..));
        let product =
            check_gradients(|(x, w)| (tf::matmul(x, w, ..), tf::nn::softmax(x, ..)), matrices, order(2).seed(at));
        assert!(product.is_ok(), "{product:?}");
    }
}

#[test]
fn second_derivatives_in_double_precision() {
    agree::<f64>();
}

#[test]
fn second_derivatives_in_single_precision() {
    agree::<f32>();
}

#[test]
fn kinks_of_the_gradient_are_accepted() {
    let x: Tensor<f64> = tf::constant([-1.0, 0.0, 2.0]);
    let report = check_gradients(|x| tf::nn::relu(x) * x, &x, order(2)).expect("2 on the right, 0 on the left");
    let Some(Second::Compared(inputs)) = report.second else { panic!("{report}") };
    assert_eq!(inputs[0].kinks, [[1]]);
}

#[custom_gradient(elementwise)]
fn concrete(x: f64) -> f64 {
    (x * x, |dy| 2.0 * x * dy)
}

#[test]
fn a_second_derivative_that_is_refused_is_not_wrong() {
    let report = check_gradients(|x| concrete(x), random::<f64>(&[3]), order(2)).expect("refused, not wrong");
    let Some(Second::Refused(reason)) = &report.second else { panic!("{report}") };
    assert!(reason.starts_with("the second derivative of `concrete` ("), "{reason}");
    assert!(
        report.to_string().contains("\n  second derivatives are refused: the second derivative of `concrete`"),
        "{report}"
    );
}

/// x³, the gradient of which no tape sees.
#[custom_gradient]
fn unseen(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy| {
        let slopes = x.to_vec().into_iter().map(|x| 3.0 * x * x).collect();
        dy * Tensor::from_vec(x.shape(), slopes).expect("a slope for each element")
    };
    (x * x * x, grad)
}

/// x³, the gradient of which a tape sees in part.
#[custom_gradient]
fn half_seen(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy: &Tensor<f64>| dy * x * (x.item() * 3.0);
    (x * x * x, grad)
}

/// The upstream gradient is read by hand.
#[custom_gradient]
fn unseen_upstream(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy: &Tensor<f64>| Tensor::from_vec(dy.shape(), dy.to_vec()).expect("the same size") * x * 2.0;
    (tf::square(x), grad)
}

fn second_mismatch(f: fn(&Tensor<f64>) -> Tensor<f64>, x: &Tensor<f64>) -> gradcore::check::Mismatch {
    let failed = check_gradients(f, x, order(2)).expect_err("the second derivative is wrong");
    assert!(check_gradients(f, x, ..).is_ok(), "the first is right");
    let [Finding::Wrong(mismatch)] = &failed.report().findings[..] else { panic!("{failed}") };
    assert_eq!(mismatch.order, 2);
    mismatch.clone()
}

#[test]
fn a_second_derivative_that_is_missing_in_silence() {
    let mismatch = second_mismatch(unseen, &random(&[4]));
    assert_eq!((&*mismatch.input, mismatch.cause), ("input 0", Some(Cause::Unseen)));
    let text = mismatch.to_string();
    assert!(text.starts_with("the second derivative in input 0 is wrong at ["), "{text}");
    assert!(text.contains("no tape sees, such as those of `.to_vec()` or `.item()`, or with constants"), "{text}");
    let mismatch = second_mismatch(unseen_upstream, &random(&[4]));
    assert_eq!((&*mismatch.input, mismatch.cause), ("the upstream gradient", Some(Cause::Unseen)));
}

#[test]
fn a_second_derivative_that_is_there_in_part() {
    let mismatch = second_mismatch(half_seen, &tf::constant(1.5));
    assert!(matches!(mismatch.cause, Some(Cause::Factor(factor)) if (factor - 0.5).abs() < 1e-6), "{mismatch}");
}

#[test]
#[should_panic(expected = "expected an order of 1 or 2, found 3")]
fn there_is_no_order_three() {
    let _ = order(3);
}
