//! Loops at the edges of their blocks, lanes and shares, against ndarray and sums in `f64`: what is stretched in every way,
//! rows and columns of all lengths, and products of batches.

#![allow(clippy::float_cmp, reason = "the numbers are the same bit for bit")]

use gradcore::prelude::*;
use ndarray::{Array3, ArrayD, Axis, IxDyn, Zip};

/// Sizes around the block of 1024 elements, and around the 64 from which loops are of vectors.
const SIZES: [usize; 10] = [1, 2, 31, 33, 63, 65, 700, 1023, 1025, 2500];

fn numbers(shape: &[usize], seed: u64) -> Tensor {
    tf::random::uniform(shape, minval(-2.0).maxval(2.0).seed(seed))
}

/// Every way in which a shape of one or two axes can be stretched to `[rows, columns]`.
fn shapes(rows: usize, columns: usize) -> [Vec<usize>; 6] {
    [vec![], vec![1], vec![columns], vec![1, columns], vec![rows, 1], vec![rows, columns]]
}

/// A function of two numbers for each element of two arrays, which broadcast.
fn expected(x: &Tensor, y: &Tensor, shape: &[usize], f: fn(f32, f32) -> f32) -> ArrayD<f32> {
    let (x, y) = (x.view(), y.view());
    let stretched = (x.broadcast(IxDyn(shape)), y.broadcast(IxDyn(shape)));
    let (Some(x), Some(y)) = stretched else { panic!("the shapes broadcast") };
    Zip::from(x).and(y).map_collect(|x, y| f(*x, *y))
}

#[custom_gradient(elementwise)]
fn weighted(x: f32, y: f32) -> f32 {
    (x * 3.0 - y, |dy| (3.0 * dy, -dy))
}

#[test]
fn whatever_is_stretched_gives_what_ndarray_gives() {
    // With 1100 columns rows are longer than a block, and with 300 rows the loop is shared among threads.
    let sizes = [(1, 1), (3, 1), (1, 70), (5, 7), (9, 64), (40, 65), (2, 1024), (3, 1100), (300, 1100), (30_000, 10)];
    for (rows, columns) in sizes {
        let shape = [rows, columns];
        for (k, left) in shapes(rows, columns).iter().enumerate() {
            for right in &shapes(rows, columns) {
                // The shape is that of the result only if one of the sides or both together reach it.
                let reaches = |axis: usize| {
                    let size = |shape: &[usize]| shape.len().checked_sub(2 - axis).map_or(1, |place| shape[place]);
                    size(left).max(size(right)) == shape[axis]
                };
                if left.len().max(right.len()) < 2 || !(reaches(0) && reaches(1)) {
                    continue;
                }
                let (x, y) = (numbers(left, 1), numbers(right, 2));
                let what = format!("{left:?} and {right:?}");
                let same = |found: Tensor, f: fn(f32, f32) -> f32| {
                    assert_eq!(found.view(), expected(&x, &y, &shape, f), "{what}");
                };
                same(&x - &y, |x, y| x - y);
                same(weighted(&x, &y), |x, y| x * 3.0 - y);
                same(tf::where_(tf::greater(&x, &y), &x, &y), f32::max);
                if k == 5 {
                    let mut variable: Variable = Variable::new(x.clone());
                    variable.assign_add(tf::broadcast_to(&y, shape)).expect("the same shape");
                    same((*variable).clone(), |x, y| x + y);
                }
            }
        }
    }
}

/// Whether a sum is that of `f64` to a few roundings of its terms.
fn is_sum(found: f32, terms: impl Iterator<Item = f32>) -> bool {
    let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + f64::from(term), size + f64::from(term.abs())));
    (f64::from(found) - sum).abs() <= 4.0 * f64::from(f32::EPSILON) * size
}

#[test]
fn sums_along_every_axis_are_exact_to_a_few_roundings() {
    let shapes =
        [[1, 1, 1], [3, 5, 7], [2, 100, 129], [1, 5000, 3], [70, 1, 1030], [4, 2049, 1], [3, 300, 400], [600, 2, 300]];
    for shape in shapes {
        let x = numbers(&shape, 3);
        let array: Array3<f32> = x.to_array().expect("three axes");
        assert!(is_sum(tf::reduce_sum(&x, ..).item(), array.iter().copied()), "{shape:?}");
        for (along, axis) in (0..3).map(Axis).zip(0..) {
            let (sums, greatest) = (tf::reduce_sum(&x, axis), tf::reduce_max(&x, axis));
            let found = sums.to_vec().into_iter().zip(greatest.to_vec());
            for (lane, (sum, most)) in array.lanes(along).into_iter().zip(found) {
                assert!(is_sum(sum, lane.iter().copied()), "{shape:?} along {axis}");
                assert_eq!(most, lane.fold(f32::NEG_INFINITY, |most, x| most.max(*x)), "{shape:?} along {axis}");
            }
        }
    }
}

#[test]
fn rows_of_every_length_have_their_softmax_and_its_loss() -> Result<(), Error> {
    for (rows, columns) in SIZES.iter().map(|columns| (3, *columns)).chain([(300, 1000)]) {
        let x = numbers(&[rows, columns], 4) * 5.0;
        let labels: Vec<i32> = (0..rows).map(|row| i32::try_from(row * 7 % columns).expect("few columns")).collect();
        let tape = GradientTape::new();
        tape.watch(&x);
        let losses = tf::nn::sparse_softmax_cross_entropy_with_logits(tf::constant(labels.clone()), &x);
        let gradients = tape.gradient(&losses, &x)?.to_vec();
        let (softmax, logarithms) = (tf::nn::softmax(&x, ..).to_vec(), tf::nn::log_softmax(&x, ..).to_vec());
        for (row, values) in x.to_vec().chunks(columns).enumerate() {
            let sum: f64 = values.iter().map(|x| f64::from(*x).exp()).sum();
            let label = usize::try_from(labels[row]).expect("no label is negative");
            for (column, x) in values.iter().enumerate() {
                let (place, exact) = (row * columns + column, f64::from(*x).exp() / sum);
                let hit = f64::from(u8::from(column == label));
                let is_off = |found: f32, exact: f64, by: f64| (f64::from(found) - exact).abs() > 2e-6 * by;
                assert!(!is_off(softmax[place], exact, exact), "{rows} × {columns}: {} {exact}", softmax[place]);
                let logarithm = logarithms[place];
                assert!(!is_off(logarithm, exact.ln(), exact.ln().abs().max(1.0)), "{rows} × {columns}: {logarithm}");
                assert!((f64::from(gradients[place]) - (exact - hit)).abs() < 1e-6, "{rows} × {columns}");
            }
            let loss = sum.ln() - f64::from(values[label]);
            assert!((f64::from(losses.to_vec()[row]) - loss).abs() <= 2e-6 * loss.max(1.0), "{rows} × {columns}");
        }
    }
    Ok(())
}

/// Many small products are shared out among threads, few large ones each by themselves.
#[test]
fn products_of_batches_are_those_of_their_matrices() {
    for (batch, [m, k, n]) in
        [(1, [3, 4, 5]), (7, [2, 3, 1]), (300, [20, 30, 40]), (5000, [8, 8, 8]), (2, [130, 140, 150])]
    {
        let a = numbers(&[batch, m, k], 5);
        for (of_b, transposed) in [([k, n], false), ([n, k], true)] {
            let b = numbers(&[batch, of_b[0], of_b[1]], 6);
            let all = tf::matmul(&a, &b, transpose_b(transposed));
            for place in [0, batch / 2, batch - 1] {
                let part = |x: &Tensor| x.view().index_axis(Axis(0), place).to_owned();
                let one = |x: &Tensor| tf::constant(part(x));
                let alone = tf::matmul(one(&a), one(&b), transpose_b(transposed));
                assert_eq!(part(&all), alone.view(), "{batch} of {m}×{k}×{n}");
            }
        }
    }
}

#[test]
fn angles_that_are_far_stand_beside_those_that_are_near() {
    for size in SIZES {
        let angles: Vec<f64> = (0u32..)
            .map(|k| if k % 97 == 5 { 1e7 * f64::from(k) + 1e22 } else { f64::from(k) - 50.0 })
            .take(size)
            .collect();
        let x: Tensor<f64> = tf::constant(angles.clone());
        let close = |found: Tensor<f64>, exact: fn(f64) -> f64| {
            found
                .to_vec()
                .into_iter()
                .zip(&angles)
                .all(|(y, x)| (y - exact(*x)).abs() <= 1e-13 * exact(*x).abs().max(1.0))
        };
        assert!(close(tf::sin(&x), f64::sin) && close(tf::cos(&x), f64::cos) && close(tf::tan(&x), f64::tan));
    }
}
