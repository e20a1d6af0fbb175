//! Where an output has another shape next to the point there is no derivative, and where a function jumps its gradient is
//! that of a side.

use std::cell::Cell;

use gradcore::check::{CheckOptions, Failed, Finding};
use gradcore::prelude::*;

/// The shapes of output 0, if that it has two is all that is found.
fn shapes(failed: &Failed) -> [Vec<usize>; 2] {
    match &failed.report().findings[..] {
        [Finding::OutputShape { output: 0, expected, found }] => [expected.clone(), found.clone()],
        _ => panic!("{failed}"),
    }
}

/// x twice from 1 on, else x.
fn twice_from_one<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    if x.to_vec()[0] >= T::ONE { tf::concat([x, x], 0) } else { tf::identity(x) }
}

/// x from 1 on, else x twice.
fn twice_below_one<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    if x.to_vec()[0] >= T::ONE { tf::identity(x) } else { tf::concat([x, x], 0) }
}

#[test]
fn an_output_whose_size_changes_at_the_point() {
    for options in [CheckOptions::default(), order(2), directions(1)] {
        let double = check_gradients(twice_from_one, tf::constant([1.0f64]), options.clone());
        assert_eq!(shapes(&double.expect_err("f64")), [[2], [1]]);
        let single = check_gradients(twice_from_one, tf::constant([1.0f32]), options);
        assert_eq!(shapes(&single.expect_err("f32")), [[2], [1]]);
    }
    let failed = check_gradients(twice_below_one, tf::constant([1.0f64, 3.0]), elementwise()).expect_err("a jump");
    assert_eq!(shapes(&failed), [[2], [4]]);
    let text = failed.to_string();
    assert!(
        text.starts_with(
            "the shape of output 0 depends on more than the shapes of the arguments: it was [2], then [4] next"
        ),
        "{text}"
    );
    let failed = check_gradients(twice_from_one, tf::constant([1.0f64]), elementwise()).expect_err("a jump");
    assert_eq!(shapes(&failed), [[2], [1]]);
}

/// Of several outputs and inputs one; a rank, or a shape of as many elements; where the sum of many elements decides.
#[test]
fn whatever_of_a_shape_changes() {
    let x: Tensor<f64> = tf::constant([[0.25, 0.75]]);
    let is_high = |x: &Tensor<f64>| tf::reduce_sum(x, ..).item() >= 1.0;
    let transposed = |x: &Tensor<f64>| if is_high(x) { tf::transpose(x, ..) } else { tf::identity(x) };
    assert_eq!(shapes(&check_gradients(transposed, &x, ..).expect_err("columns")), [[2, 1], [1, 2]]);
    let flat = |x: &Tensor<f64>| if is_high(x) { tf::identity(x) } else { tf::reshape(x, [2isize]) };
    assert_eq!(shapes(&check_gradients(flat, &x, ..).expect_err("a rank")), [vec![1, 2], vec![2]]);
    assert_eq!(shapes(&check_gradients(flat, &x, elementwise()).expect_err("a rank")), [vec![1, 2], vec![2]]);
    let nothing = |x: &Tensor<f64>| if is_high(x) { tf::identity(x) } else { tf::slice(x, [0, 0], [1, 0]) };
    assert_eq!(shapes(&check_gradients(nothing, &x, ..).expect_err("nothing")), [[1, 2], [1, 0]]);

    let second =
        |(x, w): (&Tensor<f64>, &Tensor<f64>)| (x * w, if w.item() > 2.0 { tf::expand_dims(w, 0) } else { w * 1.0 });
    let failed = check_gradients(second, (&x, &tf::constant(2.0)), ..).expect_err("the second output");
    let expected = Finding::OutputShape { output: 1, expected: vec![], found: vec![1] };
    assert_eq!(failed.report().findings, [expected]);
}

/// Whichever run it is that has another size: for differences, on a tape of any kind, in forward mode.
#[test]
fn a_shape_that_changes_from_run_to_run() {
    let check = |runs: &Cell<usize>, steady: usize, options: CheckOptions| {
        runs.set(0);
        let f = |(x, y): (&Tensor<f64>, &Tensor<f64>)| {
            runs.set(runs.get() + 1);
            (if runs.get() > steady { tf::concat([x, x], 0) } else { x * x }, x * y)
        };
        check_gradients(f, (tf::constant([0.5, 2.0]), tf::constant([3.0, -1.0])), options)
    };
    for options in [CheckOptions::default(), elementwise(), order(2)] {
        let runs = Cell::new(0);
        assert!(check(&runs, usize::MAX, options.clone()).is_ok());
        for steady in 1..runs.get() {
            let failed = check(&runs, steady, options.clone()).expect_err("the size changes");
            let has_shape = |finding: &Finding| matches!(finding, Finding::OutputShape { output: 0, .. });
            assert!(failed.report().findings.iter().any(has_shape), "{steady}: {failed}");
        }
    }
}

/// Near to where the size changes a narrower step is right, as at the edge of where a function is defined.
#[test]
fn where_the_size_changes_elsewhere() {
    for near in [1.0005, 0.9995, 1.01, 0.5, 1.0 + 1e-6] {
        let report = check_gradients(twice_from_one, tf::constant([near, 2.0]), ..).expect("x, or x twice");
        assert!(report.inputs[0].inconclusive.is_empty(), "{report}");
        assert!(check_gradients(|x| twice_from_one(x) * planted(x), tf::constant([near]), ..).is_err());
    }
    // The positive ones of many.
    let x: Tensor<f64> = tf::random::normal([100], seed(6));
    let positive = |x: &Tensor<f64>| {
        let picks: Vec<i64> = (0..).zip(x.to_vec()).filter(|(_, x)| *x > 0.0).map(|(place, _)| place).collect();
        tf::exp(tf::gather(x, picks, ..))
    };
    for at in 0..5 {
        assert!(check_gradients(positive, &x, seed(at)).is_ok());
    }
}

/// 1, of slope 1.
#[custom_gradient]
fn planted(x: &Tensor<f64>) -> Tensor<f64> {
    (tf::reduce_sum(x * 0.0, ..) + 1.0, |dy| tf::ones_like(x) * dy)
}

/// Jumps from the left, on the right, at the point alone, with other slopes on either side.
fn jumping<T: Real>(kind: usize, x: &Tensor<T>) -> Tensor<T> {
    let from = |to: Tensor<T>, before: Tensor<T>| tf::where_(tf::greater_equal(x, T::default()), to, before);
    let after = |to: Tensor<T>, before: Tensor<T>| tf::where_(tf::greater(x, T::default()), to, before);
    let smooth = tf::sin(x) * T::of(2.0);
    match kind {
        0 => from(&smooth + T::of(1.0), smooth),
        1 => after(&smooth - T::of(3.0), smooth),
        2 => from(&smooth + T::of(1e-3), smooth),
        3 => from(after(smooth.clone(), &smooth + T::ONE), smooth),
        4 => from(&smooth + T::of(50.0), smooth),
        _ => unreachable!("there are five"),
    }
}

#[custom_gradient]
fn off<T: Real>(kind: usize, x: &Tensor<T>, factor: T) -> Tensor<T> {
    (jumping(kind, x), |dy| dy * tf::cos(x) * T::of(2.0) * factor)
}

#[test]
fn the_gradient_at_a_jump_is_that_of_a_side() {
    fn check<T: Real>(kind: usize, x: &Tensor<T>, factor: f64, options: CheckOptions) -> Result<(), Failed> {
        check_gradients(|x| off(kind, x, T::of(factor)), x, options).map(drop)
    }
    for (kind, at) in (0..5).flat_map(|kind| (0..4).map(move |at| (kind, at))) {
        for options in [CheckOptions::default().seed(at), elementwise().seed(at)] {
            for x in [vec![0.0], vec![0.0, 0.7, -1.3], vec![0.5, 0.0, 0.0, 2.0]] {
                let (single, double) = (tf::cast(tf::constant(x.clone()), tf::float32), tf::constant(x));
                check::<f64>(kind, &double, 1.0, options.clone()).unwrap_or_else(|failed| panic!("{kind}: {failed}"));
                check::<f32>(kind, &single, 1.0, options.clone()).unwrap_or_else(|failed| panic!("{kind}: {failed}"));
                for factor in [5.0, 0.0, -1.0, 1.2, 1e6] {
                    let found = [
                        check::<f64>(kind, &double, factor, options.clone()),
                        check::<f32>(kind, &single, factor, options.clone()),
                    ];
                    for (dtype, found) in ["f64", "f32"].iter().zip(found) {
                        let failed = found.expect_err(&format!("{kind}, {factor}, {dtype}"));
                        assert!(
                            matches!(failed.report().findings[..], [Finding::Wrong(_)]),
                            "{kind}, {factor}: {failed}"
                        );
                    }
                }
            }
        }
    }
}

#[custom_gradient]
fn bent(x: &Tensor<f64>, slope: f64) -> Tensor<f64> {
    let y = tf::where_(tf::greater(x, 0.0), x * 3.0 + 1.0, x * 2.0);
    (y, |dy| dy * slope)
}

/// Where function and slope both jump, as at a kink, every slope between those of the two sides is right.
#[test]
fn between_the_slopes_of_two_sides() {
    let x = tf::constant([0.0f64]);
    for slope in [2.0, 2.5, 3.0] {
        let report = check_gradients(|x| bent(x, slope), &x, ..).expect("a slope of the function");
        assert_eq!(report.inputs[0].kinks, [[0]]);
    }
    for slope in [0.0, 1.5, 3.5, 15.0, -2.0] {
        let failed = check_gradients(|x| bent(x, slope), &x, ..).expect_err("no slope of the function");
        assert!(matches!(failed.report().findings[..], [Finding::Wrong(_)]), "{failed}");
    }
}

/// At 0, a gradient of the given number.
#[custom_gradient]
fn with_gradient<T: Real>(kind: usize, x: &Tensor<T>, gradient: T) -> Tensor<T> {
    let zero = T::default();
    let y = match kind {
        0 => tf::nn::relu(x),
        1 => tf::abs(x),
        2 => tf::round(x + T::of(0.5)),
        3 => tf::sign(x),
        4 => tf::floor(x),
        5 => tf::sqrt(tf::abs(x)),
        6 => tf::where_(tf::equal(x, zero), T::of(5.0), x),
        _ => unreachable!("there are seven"),
    };
    (y, |dy| dy * gradient)
}

#[test]
fn kinks_are_as_they_were() {
    fn passes<T: Real>(kind: usize, gradient: f64) -> bool {
        let x: Tensor<T> = tf::zeros([1]);
        check_gradients(|x| with_gradient(kind, x, T::of(gradient)), x, ..).is_ok()
    }
    let right: [(usize, &[f64], &[f64]); 7] = [
        (0, &[0.0, 0.3, 1.0], &[5.0, -1.0, 1.1]),
        (1, &[-1.0, 0.0, 1.0], &[5.0, -5.0, 1.1]),
        (2, &[0.0], &[1.0, -1.0, 0.1]),
        (3, &[0.0], &[1.0, 5.0]),
        (4, &[0.0], &[1.0, 5.0]),
        (5, &[0.0, 1.0, -1.0], &[]),
        (6, &[1.0], &[0.0, 5.0, -1.0]),
    ];
    for (kind, right, wrong) in right {
        right.iter().for_each(|gradient| {
            assert!(passes::<f64>(kind, *gradient), "{kind}, {gradient}");
            assert!(passes::<f32>(kind, *gradient), "{kind}, {gradient}, f32");
        });
        wrong.iter().for_each(|gradient| {
            assert!(!passes::<f64>(kind, *gradient), "{kind}, {gradient}");
            assert!(!passes::<f32>(kind, *gradient), "{kind}, {gradient}, f32");
        });
    }
}

/// Many jumps within a step, or one next to the point: a correct gradient is not called wrong.
#[test]
fn near_jumps_a_correct_gradient_is_never_wrong() {
    fn saw<T: Real>(x: &Tensor<T>, frequency: f64) -> Tensor<T> {
        let scaled = x * T::of(frequency);
        tf::sin(x) + (&scaled - tf::floor(&scaled)) / T::of(frequency) + tf::floor(x)
    }
    fn never_wrong<T: Real>(x: &Tensor<T>, frequency: f64) {
        for options in [CheckOptions::default(), elementwise()] {
            if let Err(failed) = check_gradients(|x| saw(x, frequency), x, options) {
                let is_open = |finding: &Finding| matches!(finding, Finding::Inconclusive { .. });
                assert!(failed.report().findings.iter().all(is_open), "{frequency}: {failed}");
            }
        }
    }
    // The narrowest step, of 3e-8 and of 5e-4, meets a single jump.
    for frequency in [1.0, 7.0, 50.0, 400.0, 3e3, 1e5] {
        for distance in [0.0, 1e-12, 1e-9, -1e-9, 1e-7, -1e-6, 1e-5, 1e-4, -1e-3, 2e-3, 0.01, -0.03, 0.1] {
            let near = tf::constant([distance, 1.0 + distance, -2.0 - distance, 0.35, 17.0 + distance / 3.0]);
            never_wrong::<f64>(&near, frequency);
            if frequency <= 7.0 {
                never_wrong::<f32>(&tf::cast(near, tf::float32), frequency);
            }
        }
        never_wrong::<f64>(&tf::random::normal([60], stddev(3.0).seed(8)), frequency);
        if frequency <= 50.0 {
            never_wrong::<f32>(&tf::random::normal([60], stddev(3.0).seed(8)), frequency);
        }
    }
}
