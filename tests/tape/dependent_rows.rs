//! Batches whose rows depend on each other, of which there is no batch Jacobian: in every build, and as finely as the dtype
//! tells. Where they do not depend on each other nothing is refused, however it is computed.

use gradcore::prelude::*;

/// The size of the batch Jacobian.
fn size<T: Real>(y: impl Fn(&Tensor<T>) -> Tensor<T>, x: Tensor<T>) -> Result<usize, Error> {
    let tape = GradientTape::new();
    tape.watch(&x);
    tape.batch_jacobian(y(&x), &x).map(|jacobian| jacobian.size())
}

fn is_refused<T: Real>(y: impl Fn(&Tensor<T>) -> Tensor<T>, x: Tensor<T>) -> bool {
    matches!(size(y, x), Err(Error::DependentRows { .. }))
}

fn random<T: Real>(shape: [usize; 2], at: u64) -> Tensor<T> {
    tf::random::normal(shape, seed(at))
}

#[test]
fn rows_that_depend_on_each_other_are_refused() {
    let dependent = |y: fn(&Tensor) -> Tensor, rows: usize| {
        let x: Tensor = tf::random::normal([rows, 2], seed(1));
        let tape = GradientTape::new();
        tape.watch(&x);
        tape.batch_jacobian(y(&x), &x).map(|jacobian| jacobian.size())
    };
    let refused = |target_row, source_row| Err(Error::DependentRows { target_row, source_row });
    assert_eq!(dependent(|x| x * tf::reduce_sum(x, ..), 2), refused(0, 1));
    assert_eq!(dependent(|x| x - tf::reduce_mean(x, axis(0).keepdims(true)), 5), refused(0, 1));
    // Every pair of rows is seen: in each case one row depends on one other.
    for rows in [2, 3, 7] {
        for (target, source) in (0..rows).flat_map(|target| (0..rows).map(move |source| (target, source))) {
            let mut mixing = vec![0.0f32; rows * rows];
            (0..rows).for_each(|row| mixing[row * rows + row] = 1.0);
            mixing[target * rows + source] = 1.0;
            let x: Tensor = tf::ones([rows, 2]);
            let tape = GradientTape::new();
            tape.watch(&x);
            let mixing: Tensor = Tensor::from_vec(&[rows, rows], mixing).unwrap();
            let found = tape.batch_jacobian(tf::matmul(&mixing, &x, ..), &x);
            let expected = match target == source {
                true => Ok(rows * 4),
                false => refused(target, source),
            };
            assert_eq!(found.map(|jacobian| jacobian.size()), expected);
        }
    }
    assert_eq!(dependent(|x| tf::nn::softmax(x, ..), 3), Ok(12));
}

#[test]
fn infinite_derivatives_do_not_make_rows_dependent() {
    let x = tf::constant([[0.0f32], [2.0]]);
    let tape = GradientTape::new();
    tape.watch(&x);
    // Zero times infinity stands where the pass starts from the other row.
    let y = tf::constant(1.0f32) / &x;
    let jacobian = tape.batch_jacobian(&y, &x).unwrap();
    assert_eq!(jacobian.to_vec(), [f32::NEG_INFINITY, -0.25]);
}

/// (x / s) s with the sums s of the columns: what other rows add cancels, but for rounding.
#[test]
fn rows_whose_dependence_cancels() -> Result<(), Error> {
    let x: Tensor = tf::random::uniform([5, 3], minval(0.5).seed(3));
    let tape = GradientTape::new();
    tape.watch(&x);
    let sums = tf::reduce_sum(&x, axis(0));
    let jacobian = tape.batch_jacobian(&x / &sums * &sums, &x)?;
    for (place, found) in jacobian.to_vec().into_iter().enumerate() {
        let expected = if place / 3 % 3 == place % 3 { 1.0 } else { 0.0 };
        assert!((found - expected).abs() < 1e-5, "{place}: {found}");
    }
    Ok(())
}

/// The difference to the mean: each column of the Jacobian adds up to zero, which would be the answer.
#[test]
fn the_difference_to_the_mean_of_the_rows() {
    for shape in [[2, 1], [5, 3], [64, 1], [65, 1], [1024, 1], [1024, 10], [4097, 1]] {
        let centred = |x: &Tensor<f64>| x - tf::reduce_mean(x, axis(0));
        assert!(is_refused(centred, random(shape, 1)), "{shape:?}");
        assert!(is_refused(|x: &Tensor| x - tf::reduce_mean(x, axis(0)), random(shape, 1)), "f32, {shape:?}");
    }
}

/// Rows that meet in a sum, a maximum, a product of matrices, a convolution along the rows, an order.
#[test]
fn rows_that_meet() {
    type F = fn(&Tensor<f64>) -> Tensor<f64>;
    let functions: [(&str, F); 12] = [
        ("batch norm", |x| {
            let centred = x - tf::reduce_mean(x, axis(0));
            &centred / tf::sqrt(tf::reduce_mean(tf::square(&centred), axis(0)) + 1e-3)
        }),
        ("softmax of columns", |x| tf::nn::softmax(x, axis(0))),
        ("greatest", |x| x - tf::reduce_max(x, axis(0))),
        ("cumulative", |x| {
            let rows = x.shape()[0];
            let lower: Vec<f64> = (0..rows * rows).map(|k| if k % rows <= k / rows { 1.0 } else { 0.0 }).collect();
            tf::matmul(Tensor::from_vec(&[rows, rows], lower).unwrap(), x, ..)
        }),
        ("reversed", |x| {
            let rows = i64::try_from(x.shape()[0]).unwrap();
            tf::gather(x, (0..rows).rev().collect::<Vec<i64>>(), ..)
        }),
        ("one row for all", |x| x * 0.0 + tf::gather(x, vec![0i64], ..)),
        ("shifted", |x| {
            let rows = i64::try_from(x.shape()[0]).unwrap();
            let before = tf::gather(x, (0..rows).map(|row| (row + rows - 1) % rows).collect::<Vec<i64>>(), ..);
            let behind = tf::gather(x, (0..rows).map(|row| (row + 1) % rows).collect::<Vec<i64>>(), ..);
            before + behind - x * 2.0
        }),
        ("attention", |x| tf::matmul(tf::nn::softmax(tf::matmul(x, x, transpose_b(true)), ..), x, ..)),
        ("reshaped", |x| tf::reshape(tf::transpose(x, ..), x.shape())),
        ("norm", |x| x / tf::sqrt(tf::reduce_sum(tf::square(x), ..))),
        ("zero by sum", |x| x * 0.0 + tf::reduce_sum(x, ..) - tf::reduce_sum(x, ..) * 2.0),
        ("two steps", |x| tf::tanh(x * tf::sigmoid(tf::reduce_mean(tf::square(x), ..)))),
    ];
    for (what, f) in functions {
        for shape in [[2, 2], [7, 3], [70, 2]] {
            assert!(is_refused(f, random(shape, 3)), "{what}, {shape:?}");
        }
    }
}

/// Rows 1 and 2, or rows far apart, of which one adds little to the other.
#[test]
fn a_dependence_as_small_as_the_dtype_tells() {
    fn coupled<T: Real>(rows: usize, target: usize, source: usize, by: T) -> impl Fn(&Tensor<T>) -> Tensor<T> {
        let mut mixing = vec![T::default(); rows * rows];
        (0..rows).for_each(|row| mixing[row * rows + row] = T::ONE);
        mixing[target * rows + source] = by;
        let mixing = Tensor::from_vec(&[rows, rows], mixing).unwrap();
        move |x| tf::tanh(tf::matmul(&mixing, x, ..))
    }
    for (rows, target, source) in [(3, 1, 2), (3, 2, 1), (130, 3, 67), (130, 129, 0), (130, 0, 1)] {
        for columns in [1, 4] {
            let refused = Err(Error::DependentRows { target_row: target, source_row: source });
            for by in [1.0, -1e-3, 1e-6, 1e-9, 1e-12, -1e-13] {
                let found = size(coupled(rows, target, source, by), tf::ones([rows, columns]));
                assert_eq!(found, refused, "{by}, {rows}");
            }
            for by in [1.0f32, -1e-3, 1e-4, 3e-5] {
                let found = size(coupled(rows, target, source, by), tf::ones([rows, columns]));
                assert_eq!(found, refused, "{by}, {rows}");
            }
            assert!(size(coupled(rows, target, source, 1e-17), tf::ones([rows, columns])).is_ok());
        }
    }
}

/// A row with derivatives of 1e20 hides no dependence of others, which have derivatives of 1.
#[test]
fn rows_of_very_different_sizes() {
    let scale: Tensor<f64> = tf::constant([[1e20], [1.0], [1.0], [1e-20], [1e-20]]);
    let mix = |pairs: &'static [(usize, usize)]| {
        let mut mixing = vec![0.0; 25];
        (0..5).for_each(|row| mixing[6 * row] = 1.0);
        pairs.iter().for_each(|(target, source)| mixing[5 * target + source] = 0.5);
        tf::reshape(tf::constant(mixing), [5isize, 5])
    };
    let run = |pairs| size(|x: &Tensor<f64>| tf::matmul(mix(pairs), x, ..) * &scale, tf::ones([5, 2]));
    let refused = |target_row, source_row| Err(Error::DependentRows { target_row, source_row });
    assert_eq!(run(&[]), Ok(20));
    assert_eq!(run(&[(1, 2)]), refused(1, 2));
    assert_eq!(run(&[(3, 4)]), refused(3, 4));
    assert_eq!(run(&[(0, 3)]), refused(0, 3));
    assert_eq!(run(&[(1, 0), (4, 4)]), Ok(20), "1e-20 of what row 0 has of its own is rounded away");
}

/// The upstream gradient, kept small: no linear function of it.
#[custom_gradient]
fn clipped(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::clip_by_value(dy, -0.75, 0.75))
}

/// The upstream gradient, of length 1.
#[custom_gradient]
fn normalized(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy / tf::sqrt(tf::reduce_sum(tf::square(dy), ..) + 1e-12))
}

/// A part of the upstream gradient, by chance.
#[custom_gradient]
fn dropped(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy * tf::cast(tf::greater(tf::random::uniform::<f32>(dy.shape(), ..), 0.5), tf::float32))
}

#[test]
fn rules_that_are_not_linear() {
    for shape in [[2, 1], [5, 3], [70, 2]] {
        for rule in [clipped, normalized, dropped] {
            let alone = |x: &Tensor| rule(&tf::tanh(x)) * 2.0;
            assert_eq!(size(alone, random(shape, 5)), Ok(shape[0] * shape[1] * shape[1]));
        }
        for rule in [clipped, dropped] {
            // Of two elements both may be dropped; with this seed one is not.
            tf::random::set_seed(4);
            let centred = |x: &Tensor| rule(&(x - tf::reduce_mean(x, axis(0))));
            assert!(is_refused(centred, random(shape, 5)), "{shape:?}");
        }
    }
}

/// The numbers that follow are those that follow what `grad` draws for the Jacobian itself.
#[test]
fn the_check_draws_no_random_numbers() {
    let after = |draw: fn(&Tensor)| {
        tf::random::set_seed(7);
        draw(&tf::ones([5, 1]));
        tf::random::uniform::<f32>([2], ..).to_vec()
    };
    let jacobian = |x: &Tensor| {
        let tape = GradientTape::new();
        tape.watch(x);
        assert_eq!(tape.batch_jacobian(dropped(x), x).unwrap().size(), 5);
    };
    let as_grad_does = |x: &Tensor| {
        let _drawn = tf::random::uniform::<f32>(x.shape(), ..);
    };
    assert_eq!(after(jacobian), after(as_grad_does));
}

/// What cancels but for rounding is no dependence, in functions whose rows do not depend on each other.
#[test]
fn what_cancels_but_for_rounding() {
    fn cancelling<T: Real>(number: usize, x: &Tensor<T>) -> Tensor<T> {
        let sums = tf::reduce_sum(tf::square(x), axis(0)) + T::ONE;
        let mean = tf::reduce_mean(x, axis(0));
        match number {
            0 => x / &sums * &sums,
            1 => x * &sums / &sums,
            2 => (x + &mean * T::of(1000.0)) - &mean * T::of(1000.0),
            // Stable by the greatest logit of all rows.
            3 => tf::nn::softmax(x - tf::reduce_max(x, ..), ..),
            4 => {
                let e = tf::exp(x * T::of(10.0) - tf::reduce_max(x, ..) * T::of(10.0));
                &e / tf::reduce_sum(&e, axis(1).keepdims(true))
            }
            5 => tf::exp(tf::log(tf::square(x) + T::ONE) + tf::log(&sums)) / &sums,
            6 => tf::tanh(
                tf::sqrt(tf::square(x * &sums) + T::ONE) / &sums
                    - tf::sqrt(tf::square(x) + tf::pow(&sums, T::of(-2.0))),
            ),
            7 => tf::sigmoid((x - &mean) * T::of(100.0) + &mean * T::of(100.0)),
            _ => unreachable!("there are eight"),
        }
    }
    for (function, shape) in (0..8).flat_map(|f| [[2, 1], [2, 3], [9, 1], [64, 4], [200, 3]].map(|shape| (f, shape))) {
        for at in 0..6 {
            let expected = Ok(shape[0] * shape[1] * shape[1]);
            assert_eq!(
                size(|x: &Tensor| cancelling(function, x), random(shape, at)),
                expected,
                "{function}, {shape:?}, {at}, f32"
            );
            assert_eq!(
                size(|x: &Tensor<f64>| cancelling(function, x), random(shape, at)),
                expected,
                "{function}, {shape:?}, {at}, f64"
            );
        }
    }
}

/// Derivatives so small, or so large, that multiples of them are no numbers.
#[test]
fn the_ends_of_the_range() {
    for size_of in [1e-42f32, 1e-38, 1e-30, 1e30, 1e36, 3e38] {
        let x: Tensor = random([100, 2], 4);
        assert_eq!(size(|x: &Tensor| tf::square(x) * size_of * 0.1, x), Ok(400), "{size_of:e}");
    }
    for size_of in [1e-36f32, 1e-30, 1e30, 1e36] {
        let centred = |x: &Tensor| (x - tf::reduce_mean(x, axis(0))) * size_of;
        assert!(is_refused(centred, random([100, 2], 4)), "{size_of:e}");
    }
}

#[test]
fn a_persistent_tape_stays_usable() -> Result<(), Error> {
    let x: Tensor = random([3, 2], 2);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (centred, squares) = (&x - tf::reduce_mean(&x, axis(0)), &x * &x);
    assert!(matches!(tape.batch_jacobian(&centred, &x), Err(Error::DependentRows { .. })));
    let jacobian = tape.batch_jacobian(&squares, &x)?;
    assert_eq!(tape.batch_jacobian(&jacobian, &x)?.shape(), [3, 2, 2, 2]);
    assert_eq!(tape.jacobian(&centred, &x)?.shape(), [3, 2, 3, 2]);
    Ok(())
}
