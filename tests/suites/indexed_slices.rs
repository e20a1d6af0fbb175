//! Gradients of lookups: `IndexedSlicesToTensorTest` and `AggregateIndexedSlicesGradientsTest` of `gradients_test`.
//!
//! Gradients are dense here, so what is aggregated is a sum of tensors, and a gradient is what TensorFlow's slices are
//! when densified.
//!
//! Left out:
//! * `testIndexedSlicesToTensorList`, `testInt64Indices`: they convert a representation that does not exist here.
//! * `testWarnings`: shapes are known, so there is nothing to warn of.
//! * `SingletonIndexedSlices`: graphs.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::{derivative, reason};

/// The densified slices of TensorFlow's tests: [0, 0], [1, 2], [3, 4] and so on, one row for each index.
fn lookup(var: &Tensor, rows: [i32; 2], values: [[f32; 2]; 2]) -> Tensor {
    tf::gather(var, rows, ..) * tf::constant(values)
}

#[test]
fn test_no_gradients() {
    let var: Tensor = tf::ones([3, 2]);
    let tape = GradientTape::new();
    tape.watch(&var);
    let none: [&Tensor; 0] = [];
    assert_eq!(reason(tape.gradient(none, &var)), Unconnected::NoPath { cuts: vec![] });
}

#[test]
fn test_one_gradient() -> Result<(), Error> {
    let gradient = derivative(|var| lookup(var, [0, 2], [[1.0, 2.0], [3.0, 4.0]]), &tf::ones([3, 2]))?;
    assert_eq!(gradient.to_vec(), [1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
    Ok(())
}

#[test]
fn test_multiple_gradients() -> Result<(), Error> {
    let f =
        |var: &Tensor| lookup(var, [0, 1], [[1.0, 2.0], [3.0, 4.0]]) + lookup(var, [1, 2], [[2.0, 2.0], [10.0, 12.0]]);
    assert_eq!(derivative(f, &tf::ones([3, 2]))?.to_vec(), [1.0, 2.0, 5.0, 6.0, 10.0, 12.0]);
    Ok(())
}

/// A path through which no gradient flows is ignored.
#[test]
fn test_multiple_gradients_with_nones() -> Result<(), Error> {
    let f = |var: &Tensor| {
        let first = lookup(var, [0, 1], [[1.0, 2.0], [3.0, 4.0]]);
        let second = lookup(var, [1, 2], [[2.0, 2.0], [10.0, 12.0]]);
        first + second + tf::round(tf::gather(var, [0, 1], ..))
    };
    assert_eq!(derivative(f, &tf::ones([3, 2]))?.to_vec(), [1.0, 2.0, 5.0, 6.0, 10.0, 12.0]);
    Ok(())
}

#[test]
fn test_mixed_tensor_and_indexed_slices() -> Result<(), Error> {
    let whole: Tensor = tf::constant([[0.0, 0.0], [2.0, 2.0], [10.0, 12.0]]);
    let f = |var: &Tensor| {
        tf::reduce_sum(lookup(var, [0, 1], [[1.0, 2.0], [3.0, 4.0]]), ..) + tf::reduce_sum(var * &whole, ..)
    };
    assert_eq!(derivative(f, &tf::ones([3, 2]))?.to_vec(), [1.0, 2.0, 5.0, 6.0, 10.0, 12.0]);
    Ok(())
}

type Function<'f> = &'f dyn Fn(&Tensor) -> Tensor;

/// Slices and slices, slices and a tensor, a tensor and a tensor give the same sums.
#[test]
fn test_aggregate_gradients_of_slices_and_tensors() -> Result<(), Error> {
    let sparse = |var: &Tensor| tf::reduce_sum(tf::gather(var, [0, 2, 0], ..), ..);
    let dense = |var: &Tensor| tf::reduce_sum(var * tf::constant([[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]), ..);
    let var: Tensor = tf::ones([3, 2]);
    let sums: [Function<'_>; 3] =
        [&|var| sparse(var) + sparse(var), &|var| sparse(var) + dense(var), &|var| dense(var) + dense(var)];
    for sum in sums {
        assert_eq!(derivative(sum, &var)?.to_vec(), [4.0, 4.0, 0.0, 0.0, 2.0, 2.0]);
    }
    Ok(())
}

/// `testIndexedSlicesToTensor`: rows named twice are summed.
#[test]
fn repeated_rows_are_summed() -> Result<(), Error> {
    let var: Variable = Variable::new([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let tape = GradientTape::new();
    let y = tf::gather(&var, [0, 2, 0], ..) * tf::constant([[1.0, 1.0], [10.0, 10.0], [100.0, 100.0]]);
    let gradient = tape.gradient(&y, &var)?;
    assert_eq!((gradient.shape(), gradient.to_vec()), (&[3, 2][..], vec![101.0, 101.0, 0.0, 0.0, 10.0, 10.0]));
    Ok(())
}

#[test]
fn an_optimizer_applies_repeated_rows_summed() -> Result<(), Error> {
    let mut var: Variable = Variable::new([[1.0], [1.0], [1.0]]);
    let tape = GradientTape::new();
    let y = tf::gather(&var, [0, 0], ..);
    let gradient = tape.gradient(&y, &var)?;
    optimizers::Sgd::new(0.5).apply_gradients([(gradient, &mut var)])?;
    assert_eq!(var.to_vec(), [0.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn arithmetic_on_the_gradient_of_gather() -> Result<(), Error> {
    let var: Variable = Variable::new([3.0, 5.0]);
    let tape = GradientTape::persistent();
    let picked = tf::gather(&var, [1, 1], ..);
    let first = tape.gradient(&picked * &picked, &var)?;
    let doubled = &first * 2.0;
    assert_eq!(doubled.to_vec(), [0.0, 40.0]);
    assert_eq!(tape.gradient(&doubled, &var)?.to_vec(), [0.0, 8.0]);
    Ok(())
}

/// TensorFlow hands the rule slices, on which `dy * 3.0` fails.
#[test]
fn the_upstream_of_a_rule_before_gather_is_dense() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * 1.0, |dy| dy * 3.0)
    }
    let gradient = derivative(|x| tf::gather(f(x), [0, 0], ..), &tf::constant([1.0, 2.0, 3.0]))?;
    assert_eq!(gradient.to_vec(), [6.0, 0.0, 0.0]);
    Ok(())
}
