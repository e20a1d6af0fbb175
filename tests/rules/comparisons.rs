//! Comparisons and masks inside an annotated function.

use gradcore::prelude::*;

#[test]
fn comparisons_are_element_wise_for_tensors_and_as_always_otherwise() {
    #[custom_gradient]
    fn f<T: Real>(x: &Tensor<T>, n: usize, limit: T) -> Tensor<T> {
        let (low, high) = (T::of(-1.0), limit);
        assert!(n > 2 && n != 4 && 3 <= n && "a" < "b" && low < high);
        let inside = tf::cast(x >= low, tf::float64) * tf::cast(x <= high, tf::float64);
        let same = tf::cast(x == x, tf::float64) * tf::cast(low != x, tf::float64);
        let mask = inside * same > 0.0;
        let y = tf::where_(&mask, x, x * T::of(0.0));
        (y, |dy| tf::where_(&mask, dy, dy * T::of(0.0)))
    }
    let x = tf::constant([-1.0f32, 0.0, 1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x, 3, 1.0);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn integer_literals_stand_beside_tensors_of_floats() {
    #[custom_gradient]
    fn f(x: &Tensor<f64>) -> Tensor<f64> {
        let y = tf::where_(x > 0, tf::maximum(2 * x - 1, 0), (1 - x) / 4);
        (y, |dy| tf::where_(0 < x, dy * 2, dy / -4))
    }
    let x = tf::constant([-3.0f64, 3.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x);
    assert_eq!(y.to_vec(), [1.0, 5.0]);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").to_vec(), [-0.25, 2.0]);
}

#[test]
fn masks_are_combined_as_in_python() {
    #[custom_gradient]
    fn clipped(x: &Tensor, low: &Tensor, high: &Tensor) -> Tensor {
        let y = tf::clip_by_value(x, low, high);
        (y, |dy| (tf::where_(!((x < low) & (dy > 0) | (x > high) & (dy < 0)), dy, 0), None, None))
    }
    let x = tf::constant([-2.0, 0.0, 2.0, -2.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = clipped(&x, &tf::constant(-1.0), &tf::constant(1.0));
    let dy = tf::constant([1.0, 1.0, -1.0, -1.0, 1.0]);
    let dx = tape.gradient_with(&y, &x, output_gradients(&dy)).expect("a gradient");
    assert_eq!(dx.to_vec(), [0.0, 1.0, 0.0, -1.0, 1.0]);
}
