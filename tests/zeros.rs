//! What a zero says in a derivative: one that comes of a choice absorbs every slope, one that was computed does not.

#![allow(clippy::float_cmp, reason = "zeros, and what is exact")]

use functional::{grad, hessian, hvp, jvp};
use gradcore::prelude::*;

type Result<T = (), E = Error> = std::result::Result<T, E>;

/// The gradient of a sum by a one-shot tape, a persistent one, `functional`, recomputed, and column by column by forward mode.
fn in_all_modes(f: impl Fn(&Tensor<f64>) -> Tensor<f64> + Clone + 'static, x: &Tensor<f64>) -> Result<Vec<Vec<f64>>> {
    let tape = GradientTape::new();
    tape.watch(x);
    let once = tape.gradient(f(x), x)?;
    let tape = GradientTape::persistent();
    tape.watch(x);
    let y = f(x);
    let persistent = tape.gradient(&y, x)?;
    drop(tape);
    let function = grad(&f, x)?;
    let recomputed = grad(tf::recompute_grad(f.clone()), x)?;
    let columns: Result<Vec<f64>> = (0..x.size())
        .map(|place| {
            let unit: Vec<f64> = (0..x.size()).map(|k| if k == place { 1.0 } else { 0.0 }).collect();
            let (_, tangent) = jvp(&f, x, Tensor::from_vec(x.shape(), unit)?)?;
            Ok(tf::reduce_sum(tangent, ..).item())
        })
        .collect();
    let columns = columns?;
    Ok([once, persistent, function, recomputed]
        .map(|gradient| gradient.to_vec())
        .into_iter()
        .chain([columns])
        .collect())
}

#[track_caller]
fn assert_in_all_modes(
    f: impl Fn(&Tensor<f64>) -> Tensor<f64> + Clone + 'static,
    x: impl Into<Vec<f64>>,
    expected: &[f64],
) {
    let x = x.into();
    let x = Tensor::from_vec(&[x.len()], x).expect("one axis");
    for (mode, found) in in_all_modes(f, &x).expect("there are gradients").into_iter().enumerate() {
        let is_close = |(found, expected): (&f64, &f64)| (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(found.iter().zip(expected).all(is_close), "mode {mode}: {found:?}, not {expected:?}");
    }
}

#[test]
fn what_was_not_chosen_takes_no_part() {
    let guarded = |f: fn(&Tensor<f64>) -> Tensor<f64>| {
        move |x: &Tensor<f64>| tf::where_(tf::greater(x, 0.0), f(x), tf::constant(0.0))
    };
    assert_in_all_modes(guarded(|x| tf::log(x)), [0.0, -1.0, 2.0], &[0.0, 0.0, 0.5]);
    assert_in_all_modes(guarded(|x| 1.0 / x), [0.0, 2.0], &[0.0, -0.25]);
    assert_in_all_modes(guarded(|x| tf::sqrt(x)), [0.0, -1.0, 4.0], &[0.0, 0.0, 0.25]);
    assert_in_all_modes(guarded(|x| tf::pow(x, 0.5)), [0.0, -1.0, 4.0], &[0.0, 0.0, 0.25]);
    assert_in_all_modes(guarded(|x| tf::log(x) * x), [0.0, 1.0], &[0.0, 1.0]);
    assert_in_all_modes(guarded(|x| -tf::log(x) / tf::sqrt(x) - tf::log(x)), [0.0, 1.0], &[0.0, -2.0]);
    assert_in_all_modes(|x| tf::log(tf::nn::relu(x) + 1.0), [-1.0, 1.0], &[0.0, 0.5]);
    assert_in_all_modes(|x| tf::sqrt(tf::nn::relu(x)), [-1.0, 4.0], &[0.0, 0.25]);
    assert_in_all_modes(|x| tf::log(tf::clip_by_value(x, 0.0, 9.0)), [-1.0, 2.0], &[0.0, 0.5]);
    assert_in_all_modes(|x| tf::sqrt(tf::maximum(x, 0.0)), [-1.0, 4.0], &[0.0, 0.25]);
    assert_in_all_modes(|x| tf::nn::elu(x), [1000.0, -1.0], &[1.0, (-1.0f64).exp()]);
    assert_in_all_modes(|x| tf::reduce_max(1.0 / x, ..), [f64::INFINITY, 0.5], &[0.0, -4.0]);
    assert_in_all_modes(|x| tf::slice(tf::log(x), [1], [1]), [0.0, 2.0], &[0.0, 0.5]);
    assert_in_all_modes(|x| tf::gather(tf::log(x), [1i64], ..), [0.0, 2.0], &[0.0, 0.5]);
}

#[test]
fn what_a_batch_has_masked_does_not_spoil_the_weights() -> Result {
    let x = tf::constant([[1.0, 2.0], [f64::NAN, f64::INFINITY]]);
    let mask = tf::constant([true, false]);
    let w = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
    let loss = |w: &Tensor<f64>| {
        let hidden = tf::tanh(tf::matmul(&x, w, ..) * 0.1);
        let outputs = tf::matmul(hidden, w, ..);
        let losses = tf::nn::sparse_softmax_cross_entropy_with_logits(tf::constant([0i64, 1]), outputs);
        tf::reduce_sum(tf::where_(&mask, losses, tf::constant(0.0)), ..)
    };
    let alone = |w: &Tensor<f64>| {
        let hidden = tf::tanh(tf::matmul(tf::constant([[1.0, 2.0]]), w, ..) * 0.1);
        let outputs = tf::matmul(hidden, w, ..);
        tf::reduce_sum(tf::nn::sparse_softmax_cross_entropy_with_logits(tf::constant([0i64]), outputs), ..)
    };
    let (found, expected) = (grad(loss, &w)?.to_vec(), grad(alone, &w)?.to_vec());
    found.iter().zip(&expected).for_each(|(found, expected)| assert!((found - expected).abs() < 1e-12, "{found:?}"));
    Ok(())
}

#[test]
fn a_rule_with_a_guard_has_tangents() -> Result {
    #[custom_gradient]
    fn safe_log(x: &Tensor) -> Tensor {
        (tf::where_(x > 0, tf::log(x), 0.0), |dy| tf::where_(x > 0, dy / x, 0.0))
    }
    let x = tf::constant([0.0, 2.0]);
    assert_eq!(jvp(safe_log, &x, tf::constant([1.0, 1.0]))?.1.to_vec(), [0.0, 0.5]);
    assert_eq!(hvp(|x| tf::reduce_sum(safe_log(x), ..), &x, tf::constant([1.0, 1.0]))?.to_vec(), [0.0, -0.25]);
    assert_eq!(hessian(|x| tf::reduce_sum(safe_log(x), ..), &x)?.to_vec(), [0.0, 0.0, 0.0, -0.25]);
    Ok(())
}

#[test]
fn a_rule_without_a_guard_is_guarded_from_outside() -> Result {
    #[custom_gradient]
    fn own_log(x: &Tensor) -> Tensor {
        (tf::log(x), |dy| dy / x)
    }
    #[custom_gradient(elementwise)]
    fn own_log_of_elements<T: gradcore::Real>(x: T) -> T {
        (x.ln(), |dy| dy / x)
    }
    let x = tf::constant([0.0, 2.0]);
    for f in [|x: &Tensor| own_log(x), |x: &Tensor| own_log_of_elements(x)] {
        let guarded = |x: &Tensor| tf::reduce_sum(tf::where_(tf::greater(x, 0.0), f(x), tf::constant(0.0)), ..);
        assert_eq!(grad(guarded, &x)?.to_vec(), [0.0, 0.5]);
        assert_eq!(jvp(guarded, &x, tf::constant([1.0, 1.0]))?.1.item(), 0.5);
        assert_eq!(hvp(guarded, &x, tf::constant([1.0, 1.0]))?.to_vec(), [0.0, -0.25]);
        assert_eq!(hessian(guarded, &x)?.to_vec(), [0.0, 0.0, 0.0, -0.25]);
    }
    Ok(())
}

#[test]
fn higher_orders_are_guarded_too() -> Result {
    let guarded = |x: &Tensor<f64>| tf::reduce_sum(tf::where_(tf::greater(x, 0.0), tf::log(x), tf::constant(0.0)), ..);
    let x = tf::constant([0.0, 2.0]);
    assert_eq!(hvp(guarded, &x, tf::constant([1.0, 1.0]))?.to_vec(), [0.0, -0.25]);
    assert_eq!(hessian(guarded, &x)?.to_vec(), [0.0, 0.0, 0.0, -0.25]);
    let third = grad(|x| Ok(tf::reduce_sum(hvp(guarded, x, tf::constant([1.0, 1.0]))?, ..)), &x)?;
    assert_eq!(third.to_vec(), [0.0, 0.25]);
    let root = |x: &Tensor<f64>| tf::reduce_sum(tf::where_(tf::greater(x, 0.0), tf::sqrt(x), tf::constant(0.0)), ..);
    assert_eq!(hvp(root, &x, tf::constant([1.0, 0.0]))?.to_vec(), [0.0, 0.0]);
    assert_eq!(hessian(root, &tf::constant([0.0, 4.0]))?.to_vec(), [0.0, 0.0, 0.0, -1.0 / 32.0]);
    Ok(())
}

#[test]
fn a_zero_that_was_computed_absorbs_nothing() -> Result {
    let naive = |x: &Tensor<f64>| tf::log(tf::exp(x) + 1.0);
    assert!(grad(naive, &tf::constant(1000.0))?.item().is_nan());
    assert!(grad(|x| -naive(x), &tf::constant(1000.0))?.item().is_nan());
    assert!(jvp(|x: &Tensor<f64>| x * tf::log(x) * 0.0, tf::constant(0.0), tf::constant(1.0))?.1.item().is_nan());
    // A root hides a derivative at 0: that of √s · √s is 1.
    let x = tf::constant([0.0, 0.0]);
    let square_of_root = |x: &Tensor<f64>| tf::square(tf::sqrt(tf::reduce_sum(tf::square(x), ..)));
    let square_of_norm = |x: &Tensor<f64>| tf::square(tf::norm(x, ..));
    for f in [square_of_root, square_of_norm] {
        assert_eq!(grad(f, &x)?.to_vec(), [0.0, 0.0]);
        let h = hessian(f, &x)?.to_vec();
        assert!(h[0].is_nan() && h[3].is_nan(), "{h:?}");
        assert!(hvp(f, &x, tf::constant([1.0, 0.0]))?.to_vec()[0].is_nan());
    }
    Ok(())
}

#[test]
fn a_zero_that_is_given_absorbs() -> Result {
    for (f, x) in [(|x: &Tensor<f64>| tf::log(x)) as fn(&Tensor<f64>) -> Tensor<f64>, |x| tf::log1p(x)]
        .into_iter()
        .zip([0.0, -1.0])
    {
        let x = tf::constant([x, 1.0]);
        let outer = GradientTape::new();
        outer.watch(&x);
        let first = {
            let inner = GradientTape::new();
            inner.watch(&x);
            inner.gradient(f(&x), &x)?
        };
        let second = outer.gradient_with(first, &x, output_gradients(tf::constant([0.0, 1.0])))?;
        assert_eq!(second.to_vec()[0], 0.0);
        let tape = GradientTape::new();
        tape.watch(&x);
        assert_eq!(tape.gradient_with(f(&x), &x, output_gradients(tf::constant([0.0, 1.0])))?.to_vec()[0], 0.0);
    }
    let x = tf::constant([f64::NAN, 1.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(tape.gradient_with(tf::norm(&x, ..), &x, output_gradients(tf::constant(0.0)))?.to_vec(), [0.0, 0.0]);
    Ok(())
}

#[custom_gradient]
fn shown(x: &Tensor) -> Tensor {
    (x, |dy| {
        assert_eq!((dy.to_string(), dy.to_vec()[0].is_sign_negative()), ("[0.0, 1.0]".to_owned(), false));
        dy
    })
}

#[test]
fn no_zero_shows_its_sign() -> Result {
    let x = tf::constant([-1.0, 2.0]);
    let gradient: Tensor = grad(|x| tf::reduce_sum(tf::nn::relu(x), ..), &x)?;
    assert_eq!(gradient.to_string(), "[0.0, 1.0]");
    assert_eq!((1.0 / gradient).to_vec(), [f32::INFINITY, 1.0]);
    let acc = ForwardAccumulator::new(&x, tf::constant([1.0, 1.0]))?;
    assert_eq!(acc.jvp(tf::nn::relu(&x))?.to_string(), "[0.0, 1.0]");
    drop(acc);
    assert_eq!(grad(|x| tf::reduce_sum(tf::nn::relu(shown(x) * 1.0), ..), &x)?.to_string(), "[0.0, 1.0]");
    Ok(())
}

#[custom_gradient(elementwise)]
fn times<T: gradcore::Real>(a: T, b: T) -> T {
    (a * b, |dy| (dy * b, dy * a))
}

type Function = fn(&Tensor<f64>) -> Tensor<f64>;

/// A zero of choice meets another: a row of a Jacobian times what was masked.
#[test]
fn zeros_of_choice_meet_at_higher_orders() -> Result {
    let mask = tf::constant([false, true]);
    let x = tf::constant([0.0, 2.0]);
    let masked = |f: Function| {
        let mask = mask.clone();
        move |x: &Tensor<f64>| tf::reduce_sum(tf::where_(&mask, f(x), 0.0), ..)
    };
    let functions: [(Function, f64); 6] = [
        (|x| 1.0 / x, 0.25),
        (|x| x * tf::log(x), 0.5),
        (|x| tf::square(tf::log(x)), 0.5 * (1.0 - 2.0f64.ln())),
        (|x| tf::pow(x, -1.0), 0.25),
        (|x| tf::pow(x, 0.5), -0.25 * 2.0f64.powf(-1.5)),
        (|x| tf::exp(1.0 / x), (0.25 + 1.0 / 16.0) * 0.5f64.exp()),
    ];
    for (place, (f, expected)) in functions.into_iter().enumerate() {
        let (h, hv) = (hessian(masked(f), &x)?.to_vec(), hvp(masked(f), &x, tf::constant([1.0, 1.0]))?.to_vec());
        assert!(h[..3] == [0.0, 0.0, 0.0] && (h[3] - expected).abs() < 1e-12, "{place}: {h:?}, not {expected}");
        assert!(hv[0] == 0.0 && (hv[1] - expected).abs() < 1e-12, "{place}: {hv:?}, not {expected}");
    }
    let of_rule = |x: &Tensor<f64>| tf::square(tf::where_(tf::greater(x, 0.0), times(x, &tf::log(x)), 0.0));
    assert_eq!(hvp(|x| tf::reduce_sum(of_rule(x), ..), &x, tf::constant([1.0, 1.0]))?.to_vec()[0], 0.0);
    Ok(())
}

#[test]
fn a_hook_that_looks_changes_nothing() -> Result {
    let x = tf::constant([0.0, 2.0]);
    for hook in [|_: &Tensor<f64>| None, |g: &Tensor<f64>| Some(g * 2.0)] {
        let tape = GradientTape::new();
        tape.watch(&x);
        let z = tf::log(&x);
        tape.register_hook(&z, hook)?;
        let y = tf::where_(tf::greater(&x, 0.0), &z, 0.0);
        let found = tape.gradient(y, &x)?.to_vec();
        assert!(found[0] == 0.0 && found[1] >= 0.5, "{found:?}");
    }
    Ok(())
}

#[custom_gradient]
fn clipped(x: &Tensor<f64>) -> Tensor<f64> {
    (x * 1.0, |dy| tf::where_(x >= 0.0, tf::clip_by_value(dy, -1.0, 1.0), dy))
}

#[custom_gradient]
fn summed_log(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy| {
        let sum = (0..2).fold(tf::zeros_like(x), |sum, _| sum + dy * 0.5);
        sum / x
    };
    (tf::log(x), grad)
}

/// What an operation makes of a gradient is computed; a sum that begins with zeros is the gradient's.
#[test]
fn which_zeros_are_of_a_choice() -> Result {
    assert!(grad(|x: &Tensor<f64>| tf::log(clipped(&tf::exp(x)) + 1.0), tf::constant(1000.0))?.item().is_nan());
    let x = tf::constant([0.0, 2.0]);
    let guarded = |x: &Tensor<f64>| tf::reduce_sum(tf::where_(tf::greater(x, 0.0), summed_log(x), 0.0), ..);
    assert_eq!(grad(guarded, &x)?.to_vec(), [0.0, 0.5]);
    // Underflow is no choice.
    let far = tf::constant([89.0f32, 1.0]);
    let small = |x: &Tensor| tf::where_(tf::constant([true, false]), tf::cast(tf::exp(x), tf::float64) * -1e-50, 0.0);
    assert!(grad(|x| tf::reduce_sum(small(x), ..), &far)?.to_vec()[0].is_nan());
    assert!(tf::constant(-0.0f32).item().is_sign_negative());
    Ok(())
}

#[test]
fn a_rule_sees_plain_zeros() -> Result {
    #[custom_gradient(elementwise)]
    fn signs<T: gradcore::Real>(x: T) -> T {
        (x, |dy| dy + T::of(10.0) * dy.signum())
    }
    let x = tf::constant([-1.0, 1.0]);
    assert_eq!(grad(|x: &Tensor<f64>| tf::reduce_sum(tf::nn::relu(signs(x)), ..), &x)?.to_vec(), [10.0, 11.0]);
    Ok(())
}

/// What is no number says nothing about a rule.
#[test]
fn a_rule_that_contracts_has_tangents_of_what_is_no_number() -> Result {
    #[custom_gradient]
    fn dense(x: &Tensor<f64>, w: &Tensor<f64>) -> Tensor<f64> {
        (tf::matmul(x, w, ..), |dy| (tf::matmul(dy, w, transpose_b(true)), tf::matmul(x, dy, transpose_a(true))))
    }
    let (x, w) = (tf::constant([[1.0, 2.0], [f64::NAN, 1.0]]), tf::constant([[1.0], [1.0]]));
    let (_, tangent) = jvp(|w| dense(&x, w), &w, tf::constant(1.0))?;
    assert!(tangent.to_vec()[0] == 3.0 && tangent.to_vec()[1].is_nan(), "{tangent}");
    Ok(())
}
