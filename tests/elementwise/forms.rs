//! What may be written: parameters, constants, exits, and forms of `grad`.

use gradcore::prelude::*;

use crate::gradient_of;

#[custom_gradient(elementwise)]
fn leaky_relu(x: f32, #[nondiff] slope: f32) -> f32 {
    let y = if x > 0.0 { x } else { slope * x };
    let grad = |dy| if x > 0.0 { dy } else { slope * dy };
    (y, grad)
}

#[test]
fn a_function_of_one_element_is_one_of_tensors() {
    let x = tf::constant([-1.0, 0.0, 2.0]);
    assert_eq!(leaky_relu(&x, 0.25).to_vec(), [-0.25, 0.0, 2.0]);
    assert_eq!(gradient_of(|x| leaky_relu(x, 0.25), &x).to_vec(), [0.25, 0.25, 1.0]);
}

#[custom_gradient(elementwise)]
fn generic<T: Real>(x: T) -> T {
    let e = x.exp();
    ((1.0 + e).ln(), |dy| dy * (1.0 - 1.0 / (1.0 + e)))
}

#[test]
fn a_generic_body_is_one_for_every_dtype() {
    let x: Tensor<f64> = tf::constant([0.0, 1.0]);
    let expected = [2.0f64.ln(), (1.0 + 1.0f64.exp()).ln()];
    assert_eq!(generic(&x).to_vec(), expected);
    assert_eq!(gradient_of(generic, &x).to_vec()[0], 0.5);
    let x: Tensor<f32> = tf::constant(0.0);
    assert_eq!((generic(&x).item(), gradient_of(generic, &x).item()), (2.0f32.ln(), 0.5));
}
