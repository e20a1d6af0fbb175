//! Correct gradients pass, and the report says what was done.

use gradcore::check::{Finding, Report};
use gradcore::prelude::*;

fn random<T: Real>(shape: &[usize], number: u64) -> Tensor<T> {
    tf::random::normal(shape, seed(100 + number))
}

/// Many seeds, so that no lucky one hides a tolerance that is too narrow.
fn passes(check: impl Fn(u64) -> Result<Report, gradcore::check::Failed>) {
    for seed in 0..20 {
        if let Err(failed) = check(seed) {
            panic!("{failed}");
        }
    }
}

fn operations_of<T: Real>()
where
    for<'a> &'a Tensor<T>: std::ops::Mul<&'a Tensor<T>, Output = Tensor<T>>,
{
    let (x, w): (Tensor<T>, Tensor<T>) = (random(&[3, 4], 0), random(&[4, 2], 1));
    let row: Tensor<T> = random(&[4], 2);
    passes(|at| check_gradients(|(x, w)| tf::matmul(x, w, ..), (&x, &w), seed(at)));
    passes(|at| check_gradients(|(x, row)| x * row, (&x, &row), seed(at)));
    passes(|at| check_gradients(|x| tf::tanh(tf::exp(x)), &x, seed(at)));
    passes(|at| check_gradients(|x| tf::nn::relu(x), &x, seed(at)));
    passes(|at| check_gradients(|x| tf::reduce_sum(tf::sigmoid(x), 1), &x, seed(at)));
    passes(|at| check_gradients(|x| tf::log(tf::exp(x) + T::ONE), &x, seed(at)));
}

#[test]
fn operations_in_double_precision() {
    operations_of::<f64>();
}

#[test]
fn operations_in_single_precision() {
    operations_of::<f32>();
}

#[test]
fn a_kink_allows_every_slope_between_the_sides() {
    let x: Tensor<f64> = tf::constant([-1.0, 0.0, 2.0]);
    let report = check_gradients(|x| tf::nn::relu(x), &x, ..).expect("0 is between 0 and 1");
    assert_eq!(report.inputs[0].kinks, [[1]]);
    assert!(report.to_string().contains("at a kink: [1]"), "{report}");
}

#[test]
fn many_kinks_within_the_step_of_single_precision() {
    let x: Tensor = random(&[1000], 3);
    let report = check_gradients(|x| tf::nn::relu(x), &x, ..).expect("relu is right");
    assert!(report.inputs[0].inconclusive.is_empty(), "{report}");
}

#[test]
fn variables_structures_and_several_outputs() {
    let w: Variable<f64> = Variable::new([[1.0, 2.0], [0.5, 3.0]]).named("w");
    let parts = [random::<f64>(&[2], 4), random(&[2], 5)];
    let report = check_gradients(
        |(w, [a, b]): (&Variable<f64>, [&Tensor<f64>; 2])| (tf::square(w) * a, tf::cast(b, tf::int32), a * b),
        (&w, &parts),
        directions(2).seed(7),
    );
    let report = report.expect("the operations are right");
    assert_eq!((report.inputs.len(), report.seed, report.directions), (3, 7, 2));
    assert_eq!(report.inputs[0].name, "`w`");
    // 6 evaluations for each of 3 inputs and 2 directions, since no element had to be looked at by itself.
    assert_eq!(report.evaluations, 36);
}

#[test]
fn empty_tensors_and_scalars() {
    let (empty, scalar): (Tensor<f64>, Tensor<f64>) = (random(&[0, 3], 6), tf::constant(2.0));
    let report = check_gradients(|(empty, scalar)| (empty * 2.0, tf::square(scalar)), (&empty, &scalar), ..);
    assert_eq!(report.expect("both are right").findings, []);
}

#[test]
fn what_cannot_be_checked_is_said() {
    let x: Tensor<f64> = tf::constant([1.0, -1.0]);
    let finding = |failed: Result<Report, gradcore::check::Failed>| failed.unwrap_err().report().findings[0].clone();

    let calls = std::cell::Cell::new(0.0);
    let random = |x: &Tensor<f64>| {
        calls.set(calls.get() + 1.0);
        x * calls.get()
    };
    assert_eq!(finding(check_gradients(random, &x, ..)), Finding::Random { first: 1.0, second: 2.0 });
    assert!(matches!(finding(check_gradients(|x| tf::log(x), &x, ..)), Finding::NotFinite { value } if value.is_nan()));
    assert_eq!(finding(check_gradients(|x| tf::cast(x, tf::int32), &x, ..)), Finding::Nothing { input: false });
    let integers = tf::constant([1, 2]);
    assert_eq!(finding(check_gradients(|n| tf::cast(n, tf::float32), &integers, ..)), Finding::Nothing { input: true });
    let refused = |_: &Tensor<f64>| Err::<Tensor<f64>, _>("too small");
    assert!(finding(check_gradients(refused, &x, ..)).to_string().contains("too small"));
}
