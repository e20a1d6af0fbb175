//! What a person would pass: arrays, views, sizes of either type, and dtypes of generic rules.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

use gradcore::prelude::*;
use ndarray::{Array2, arr1, arr2};

#[test]
fn arrays_go_wherever_tensors_go() -> Result<(), Error> {
    let array: Array2<f32> = arr2(&[[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(tf::constant(&array).to_vec(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(tf::constant(array.t()).to_vec(), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(tf::reduce_sum(&array, ..).item(), 10.0);
    assert_eq!(tf::matmul(array.view(), &array, ..).to_vec(), [7.0, 10.0, 15.0, 22.0]);
    let mut v: Variable = Variable::new(array.clone());
    v.assign(&array * 2.0)?;
    v.assign_add(&array)?;
    assert_eq!(v.to_vec(), [3.0, 6.0, 9.0, 12.0]);
    let vector = arr1(&[1.0, 2.0]);
    let x: Tensor<f64> = tf::constant(&vector);
    assert_eq!(x.shape(), [2]);
    Ok(())
}

#[test]
fn sizes_of_either_type_are_shapes() {
    let x: Tensor = tf::constant([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]);
    assert_eq!(tf::reshape(&x, [x.shape()[0], 2, 2]).shape(), [2, 2, 2]);
    assert_eq!(tf::reshape(&x, [-1, 2]).shape(), [4, 2]);
    assert_eq!(tf::reshape(&x, [x.size().cast_signed(), 1]).shape(), [8, 1]);
    assert!(tf::reshape(tf::constant([3.0f32]), []).shape().is_empty());
    let zeros: Tensor = tf::zeros([x.shape()[1]]);
    assert_eq!(zeros.shape(), [4]);
    assert_eq!(tf::broadcast_to(tf::constant(1.0f32), x.shape()).shape(), x.shape());
}

#[test]
fn a_product_may_be_a_method() {
    let (a, b): (Tensor, Tensor) = (tf::constant([[1.0, 2.0]]), tf::constant([[3.0], [4.0]]));
    assert_eq!(a.matmul(&b).to_vec(), [11.0]);
    let w: Variable = Variable::new([[3.0], [4.0]]);
    assert_eq!(a.matmul(&w).to_vec(), [11.0]);
}

fn halved_as_integers<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let whole = tf::cast(x, tf::int32);
    tf::cast(whole, T::DTYPE) / T::of(2.0)
}

#[test]
fn a_generic_rule_knows_its_dtype() {
    assert_eq!(halved_as_integers(&tf::constant([3.7f32])).to_vec(), [1.5]);
    assert_eq!(halved_as_integers(&tf::constant([3.7f64])).to_vec(), [1.5]);
    assert_eq!((f32::EPSILON, f64::MIN_POSITIVE), (<f32 as Real>::EPSILON, <f64 as Real>::MIN_POSITIVE));
    assert_eq!(<f32 as Real>::MAX, f32::MAX);
}

#[test]
fn an_option_is_found_behind_a_parameter_of_its_name() {
    fn total(x: &Tensor, axis: isize) -> Tensor {
        tf::reduce_sum(x, tf::axis(axis).keepdims(true))
    }
    assert_eq!(total(&tf::constant([[1.0, 2.0]]), 1).shape(), [1, 1]);
}

#[test]
fn an_error_shows_its_sentence() {
    let tape = GradientTape::new();
    let x: Tensor = tf::constant(1.0);
    let error = tape.gradient(&x, &x).expect_err("not watched");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn a_failed_check_is_an_error() {
    #[custom_gradient]
    fn wrong(x: &Tensor) -> Tensor {
        (x * 2.0, |dy| dy * 3.0)
    }
    fn check() -> Result<(), Error> {
        check_gradients(wrong, tf::constant([1.0, 2.0]), ..).map(drop)?;
        Ok(())
    }
    let error = check().expect_err("3 is not 2");
    assert!(error.to_string().contains("wrong"), "{error}");
}

#[test]
fn a_pullback_may_be_cloned() -> Result<(), Error> {
    let (_, pullback) = functional::vjp(|x: &Tensor| x * x, &tf::constant([1.0, 2.0]))?;
    let again = pullback.clone();
    assert_eq!(pullback.apply(tf::constant(1.0))?.to_vec(), again.apply(tf::constant(1.0))?.to_vec());
    Ok(())
}

#[test]
fn indices_and_labels_need_no_type() {
    let x: Tensor = tf::constant([[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(tf::gather(&x, 1, ..).to_vec(), [3.0, 4.0]);
    assert_eq!(tf::gather(&x, [1, 0], axis(1)).to_vec(), [2.0, 1.0, 4.0, 3.0]);
    assert_eq!(tf::gather(&x, [[1], [0]], ..).shape(), [2, 1, 2]);
    let places: Vec<usize> = (0..2).rev().collect();
    assert_eq!(tf::gather(&x, &places[..], ..).to_vec(), [3.0, 4.0, 1.0, 2.0]);
    assert_eq!(tf::gather(&x, tf::constant([0i64]), ..).to_vec(), [1.0, 2.0]);
    assert_eq!(tf::one_hot::<f32>([1, 0], 2).to_vec(), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(tf::nn::sparse_softmax_cross_entropy_with_logits([1, 0], &x).shape(), [2]);
}
