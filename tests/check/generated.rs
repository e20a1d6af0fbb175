//! The tests that `#[custom_gradient(check(…))]` generates. The harness runs each of them: `<function>_gradients`.

use std::panic::catch_unwind;

use gradcore::prelude::*;
use ndarray::{Array2, ArrayView2};

#[custom_gradient(check(x = [2, 3]))]
fn leaky_relu(x: &Tensor) -> Tensor {
    (tf::where_(x > 0, x, x * 0.2), |dy| tf::where_(x > 0, dy, dy * 0.2))
}

#[custom_gradient(check(x = [2, 3], w = [3, 4], n = 3))]
fn scaled_product(x: &Tensor, w: &Tensor, n: i32) -> Tensor {
    let grad = |dy| (tf::matmul(dy, w, transpose_b(true)) * n, tf::matmul(x, dy, transpose_a(true)) * n);
    (tf::matmul(x, w, ..) * n, grad)
}

/// Scalars, values, and the order of the arguments.
#[custom_gradient(check(name = "first", limits = [0.5, 4.0], x = tf::constant([0.7, 2.0]), k = []))]
fn clipped(x: &Tensor<f64>, k: &Tensor<f64>, limits: [f64; 2], name: &str) -> Tensor<f64> {
    assert_eq!(name, "first");
    let inside = |dy: &Tensor<f64>| tf::where_((x > limits[0]) & (x < limits[1]), dy, 0.0);
    let mask = inside(&tf::ones_like(x));
    let clipped = tf::clip_by_value(x, limits[0], limits[1]);
    (&clipped * k, |dy| (dy * &mask * k, tf::reduce_sum(dy * clipped, ..)))
}

/// Integers that are no sizes, because the parameter is no tensor; labels; and a mask that takes no gradient.
#[custom_gradient(check(x = [3, 2], mask = [3, 2], axes = [0, 1], labels = tf::constant([1, 0])))]
fn constants(x: &Tensor<f64>, #[nondiff] mask: &Tensor<f64>, axes: [i32; 2], labels: &Tensor<i32>) -> Tensor<f64> {
    let factor = f64::from(axes[1] + labels.to_vec()[0]);
    (x * mask * factor, |dy| dy * mask * factor)
}

type Matrix<'a> = &'a Tensor<f64>;
const ROWS: usize = 2;

/// Aliases, lifetimes, owned tensors, options, variables.
#[custom_gradient(check(x = [ROWS, 2], owned = [2], bias = [2], w = [2]))]
fn forms<'a>(x: Matrix<'a>, owned: Tensor<f64>, bias: Option<&'a Tensor<f64>>, w: &Variable<f64>) -> Tensor<f64> {
    let bias = bias.cloned().unwrap_or_else(|| tf::zeros_like(w));
    let grad = |dy| {
        let rows = tf::reduce_sum(dy, 0);
        (dy * &owned, tf::reduce_sum(dy * x, 0), &rows, &rows * 2.0)
    };
    (x * &owned + bias + (w * 2.0), grad)
}

#[custom_gradient(check(x = [2], bias = None, scale = Some(2.0)))]
fn without_bias(x: &Tensor<f64>, bias: Option<&Tensor<f64>>, scale: Option<f64>) -> Tensor<f64> {
    assert!(bias.is_none());
    let scale = scale.unwrap_or(1.0);
    (x * scale, |dy| (dy * scale, None))
}

/// With every other option: the test sees the function as its callers do.
#[custom_gradient(elementwise, check(x = [2, 3], k = 0.5))]
fn of_one_element<T: Real>(x: T, #[nondiff] k: T) -> T {
    (x * x * k, |dy| dy * x * k * 2.0)
}

#[custom_gradient(arrays, broadcast, check(a = [2, 3], b = [1, 3]))]
fn over_arrays(a: ArrayView2<f64>, b: ArrayView2<f64>) -> Array2<f64> {
    (&a * &b, |dy| (&dy * &b, &dy * &a))
}

#[custom_gradient(recompute, broadcast, check(a = [2, 3], b = [3]))]
fn again(a: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    let exponential = tf::exp(a);
    (&exponential * b, |dy| (dy * b * &exponential, dy * exponential))
}

/// Checked in `f64` and in `f32`.
#[custom_gradient(check(x = [4], scale = |v| v * 2.0))]
fn generic<T: Real>(x: &Tensor<T>, scale: impl Fn(f64) -> f64 + Clone + 'static) -> Tensor<T> {
    let factor = T::of(scale(1.5));
    (tf::exp(x) * factor, |dy| dy * tf::exp(x) * factor)
}

#[custom_gradient(check(x = [2], n = 2))]
fn fallible(x: &Tensor, n: i32) -> Result<(Tensor, Tensor<i32>), String> {
    if n < 0 {
        return Err("negative".into());
    }
    Ok(((x * n, tf::cast(x, tf::int32)), |dy, _| dy * n))
}

#[cfg(any())]
#[custom_gradient(check(x = [2]))]
fn left_out_before(x: &Missing) -> Tensor {}

#[custom_gradient(check(x = [2]))]
#[cfg(any())]
fn left_out_after(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy)
}

#[custom_gradient(check(r#type = [2]))]
#[deprecated]
fn r#match(r#type: &Tensor) -> Tensor {
    (r#type * 2.0, |dy| dy * 2.0)
}

/// A gradient that is no derivative, and one that is not even linear.
#[custom_gradient(check(x = [3], not_a_derivative = "straight-through estimator"))]
fn rounded(x: &Tensor) -> Tensor {
    (tf::round(x), |dy| dy)
}

#[custom_gradient(elementwise, check(x = [3], not_linear = "clipped gradient"))]
fn clipped_gradient<T: Real>(x: T) -> T {
    (x * 100.0, |dy| (dy * 100.0).clamp(-1.0, 1.0))
}

/// A parameter comes before an option of the same name.
#[custom_gradient(check(x = [3], not_linear = 2.0))]
fn scaled(x: &Tensor, not_linear: f32) -> Tensor {
    (x * not_linear, |dy| dy * not_linear)
}

#[test]
fn generated_tests_have_the_name_of_their_function() {
    leaky_relu_gradients();
    match_gradients();
    fallible_gradients();
}

/// A test in a function is not run by the harness, so a rule that is wrong can stand here.
#[test]
#[allow(unnameable_test_items)]
fn a_wrong_rule_fails_its_test() {
    #[custom_gradient(check(x = [2, 3], slope = tf::constant(0.25)))]
    fn wrong(x: &Tensor<f64>, slope: &Tensor<f64>) -> Tensor<f64> {
        (tf::exp(x) * slope, |dy| (dy * tf::exp(x) * slope, -tf::reduce_sum(dy * tf::exp(x), ..)))
    }

    let panic = catch_unwind(wrong_gradients).expect_err("the rule is wrong");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.starts_with("`wrong`: the gradient of `slope` is wrong at []: `grad` gives "), "{text}");
    assert!(text.contains("ratio -1.000000; the sign is turned throughout"), "{text}");
    assert!(text.contains("\n  `x`, shape [2, 3]: largest relative error "), "{text}");
}

/// The test of an elementwise rule compares every element.
#[test]
#[allow(unnameable_test_items)]
fn a_wrong_elementwise_rule_fails_its_test_with_every_element() {
    #[custom_gradient(elementwise, check(x = [-1.0, 2.0, -0.5, 3.0]))]
    fn leaky(x: f64) -> f64 {
        (if x > 0.0 { x } else { 0.2 * x }, |dy| if x > 0.0 { dy } else { 0.1 * dy })
    }

    let panic = catch_unwind(leaky_gradients).expect_err("the rule is wrong");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.starts_with("`leaky`: the gradient of `x` is wrong at [0]: `grad` gives "), "{text}");
    assert!(text.contains("\n  `x`, shape [4]: wrong at 2 of 4 elements; [0]: "), "{text}");
}

#[test]
#[allow(unnameable_test_items)]
fn an_error_of_the_function_fails_its_test() {
    #[custom_gradient(check(x = [2], n = -1))]
    fn refuses(x: &Tensor, n: i32) -> Result<Tensor, String> {
        if n < 0 {
            return Err("negative".into());
        }
        Ok((x * n, |dy| dy * n))
    }

    let panic = catch_unwind(refuses_gradients).expect_err("the function refuses");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.starts_with("`refuses`: the function returned `Err(\"negative\")`"), "{text}");
}
