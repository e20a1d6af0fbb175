//! The option `elementwise`: every element is compared, and that the function is of this kind is checked.

use gradcore::check::Finding;
use gradcore::prelude::*;

use crate::sin;

fn random<T: Real>(shape: &[usize], number: u64) -> Tensor<T> {
    tf::random::normal(shape, seed(300 + number))
}

/// Right but for every hundredth element, and for those by a part of 1e-6.
#[custom_gradient]
fn every_hundredth(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy| {
        let factors = (0..x.size()).map(|element| if element % 100 == 7 { 1.0 + 1e-6 } else { 1.0 }).collect();
        dy * tf::exp(x) * Tensor::from_vec(x.shape(), factors).expect("a factor for each element")
    };
    (tf::exp(x), grad)
}

#[test]
fn every_wrong_element_is_listed() {
    let x = random::<f64>(&[10, 100], 0);
    let failed = check_gradients(every_hundredth, &x, elementwise()).expect_err("ten are wrong");
    let found: Vec<_> = failed.report().inputs[0].wrong.iter().map(|wrong| wrong.index.clone()).collect();
    assert_eq!(found, (0..10).map(|row| vec![row, 7]).collect::<Vec<_>>());
    let text = failed.to_string();
    assert!(text.starts_with("the gradient of input 0 is wrong at [0, 7]: "), "{text}");
    assert!(text.contains("wrong at 10 of 1000 elements; [0, 7]: "), "{text}");
    assert!(text.contains("; and 7 more"), "{text}");
}

#[test]
fn evaluations_grow_with_the_logarithm_of_the_size() {
    // 6 for the slope; 1 for each binary digit.
    for (size, expected) in [(1, 6), (1000, 16), (100_000, 23)] {
        let report = check_gradients(|x| sin(x), random::<f64>(&[size], 1), elementwise()).expect("the rule is right");
        assert_eq!(report.evaluations, expected);
    }
}

#[test]
fn inputs_that_broadcast_and_several_outputs() {
    let (x, row, scalar) = (random::<f64>(&[4, 3], 2), random::<f64>(&[3], 3), random::<f64>(&[], 4));
    let function = |(x, row, scalar): (&Tensor<f64>, &Tensor<f64>, &Tensor<f64>)| (x * row, tf::exp(x) + scalar * row);
    for at in 0..5 {
        let report = check_gradients(function, (&x, &row, &scalar), elementwise().seed(at));
        assert!(report.is_ok(), "{report:?}");
    }
    let failed =
        check_gradients(|(x, row)| (x * row, tf::exp(row)), (&x, &row), elementwise()).expect_err("x is larger");
    assert!(failed.to_string().starts_with("input 0 does not broadcast to the shape of output 1"), "{failed}");
}

#[test]
fn kinks_and_single_precision() {
    let report = check_gradients(|x| tf::nn::relu(x), random::<f32>(&[1000], 5), elementwise()).expect("relu is right");
    assert!(report.inputs[0].inconclusive.is_empty(), "{report}");
    let x: Tensor<f64> = tf::constant([-1.0, 0.0, 2.0]);
    let report = check_gradients(|x| tf::nn::relu(x), &x, elementwise()).expect("0 is between 0 and 1");
    assert_eq!(report.inputs[0].kinks, [[1]]);
}

/// One at a place, zero elsewhere.
fn at(place: usize) -> Tensor<f64> {
    Tensor::from_vec(&[16], (0..16).map(|other| if other == place { 1.0 } else { 0.0 }).collect()).expect("16 elements")
}

/// Of all pairs of elements one depends on the other.
fn one_pair(x: &Tensor<f64>) -> Tensor<f64> {
    tf::exp(x) + tf::reduce_sum(x * at(3), ..) * at(12) * 0.01
}

#[test]
fn what_is_not_elementwise_is_noticed() {
    let x = random::<f64>(&[16], 6);
    for at in 0..10 {
        let failed =
            check_gradients(one_pair, &x, elementwise().seed(at)).expect_err("element 12 depends on element 3");
        let expected = Finding::NotElementwise { input: "input 0".into(), output: 0, index: Some(vec![12]) };
        assert_eq!(failed.report().findings, [expected]);
    }
    let failed =
        check_gradients(|x| tf::nn::softmax(x, ..), &x, elementwise()).expect_err("softmax is not elementwise");
    assert!(
        failed
            .to_string()
            .contains("depends on more than one element of input 0; check the function without `elementwise`")
    );
    let failed = check_gradients(|x| tf::reduce_sum(x, ..), &x, elementwise()).expect_err("a sum is not elementwise");
    assert!(failed.to_string().contains("input 0 does not broadcast to the shape of output 0"), "{failed}");
}

#[test]
fn empty_inputs_and_single_elements() {
    for shape in [&[0][..], &[2, 0], &[1], &[]] {
        let report = check_gradients(|x| sin(x), random::<f64>(shape, 7), elementwise().any_length());
        assert_eq!(report.expect("the rule is right").findings, []);
    }
}

/// Its gradient fails where there is nothing.
#[custom_gradient]
fn of_the_largest(x: &Tensor<f64>) -> Tensor<f64> {
    let grad = |dy: &Tensor<f64>| {
        let largest = x.to_vec().into_iter().reduce(f64::max).ok_or("nothing is largest")?;
        Ok::<_, &str>(dy * (tf::exp(x) + largest - largest))
    };
    (tf::exp(x), grad)
}

/// It is wrong for one element.
#[custom_gradient]
fn of_several(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::exp(x), |dy| if x.size() == 1 { dy * 1.0 } else { dy * tf::exp(x) })
}

#[test]
fn lengths_of_zero_and_one_are_run() {
    let x = random::<f64>(&[2, 3], 8);
    assert!(check_gradients(of_the_largest, &x, elementwise()).is_ok());
    let failed = check_gradients(of_the_largest, &x, elementwise().any_length()).expect_err("fails on nothing");
    let text = failed.to_string();
    assert!(text.starts_with("with inputs of length 0: the gradient of `of_the_largest` ("), "{text}");
    assert!(text.contains("nothing is largest"), "{text}");
    let failed = check_gradients(of_several, &x, elementwise().any_length()).expect_err("wrong for one element");
    let [Finding::Length { length: 1, finding }] = &failed.report().findings[..] else { panic!("{failed}") };
    assert!(matches!(&**finding, Finding::Wrong(mismatch) if mismatch.index == [0]), "{failed}");
}
