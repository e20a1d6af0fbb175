//! A small program for each kernel, each `unsafe` block and each kind of tape: what miri looks at (`bash .ci/miri`).

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

use gradcore::prelude::*;
use ndarray::{Array2, Axis, Ix1, Ix2, arr2, s};

/// A tensor of the numbers 0, 1, 2, ….
fn counted(shape: &[usize]) -> Tensor<f64> {
    let size: usize = shape.iter().product();
    let numbers = (0..size).map(|k| f64::from(u32::try_from(k).expect("a small tensor"))).collect();
    Tensor::from_vec(shape, numbers).expect("the sizes match")
}

/// The element in a row and a column of a product, by hand.
fn element(a: &Tensor<f64>, b: &Tensor<f64>, row: usize, column: usize) -> f64 {
    let (a, b) = (a.view(), b.view());
    (0..a.shape()[1]).map(|k| a[[row, k]] * b[[k, column]]).sum()
}

#[test]
fn products_of_matrices() {
    for (m, k, n) in [(1, 1, 1), (2, 3, 4), (5, 1, 7), (9, 9, 9), (3, 0, 2), (0, 2, 3), (17, 2, 19)] {
        let (a, b) = (counted(&[m, k]), counted(&[k, n]));
        let (at, bt) = (tf::transpose(&a, ..), tf::transpose(&b, ..));
        let products = [
            tf::matmul(&a, &b, ..),
            tf::matmul(&at, &b, transpose_a(true)),
            tf::matmul(&a, &bt, transpose_b(true)),
            tf::matmul(&at, &bt, transpose_a(true).transpose_b(true)),
        ];
        for product in products {
            assert_eq!(product.shape(), [m, n]);
            for (row, column) in (0..m).flat_map(|row| (0..n).map(move |column| (row, column))) {
                assert_eq!(product.view()[[row, column]], element(&a, &b, row, column));
            }
        }
    }
    let batches = tf::matmul(counted(&[2, 1, 2, 3]), counted(&[3, 3, 2]), ..);
    assert_eq!(batches.shape(), [2, 3, 2, 2]);
}

#[custom_gradient(elementwise)]
fn mixed<T: Real>(x: T, y: T, z: T, #[nondiff] k: T) -> T {
    (x * y + z * k, |dy| (dy * y, dy * x, None))
}

/// Loops that are dense, stretched along either axis, of scalars, of one block and of several, and shared among threads,
/// with all gradients wanted and with some.
#[test]
fn loops_over_elements() -> Result<(), Error> {
    let rows = if cfg!(miri) { 64 } else { 20_000 };
    for rows in [0, 1, 3, rows] {
        let (x, y, z) = (counted(&[rows, 17]), counted(&[17]), counted(&[rows, 1]));
        let tape = GradientTape::persistent();
        tape.watch((&x, &y));
        let value = mixed(&x, &y, &z, 2.0);
        assert_eq!(value.shape(), [rows, 17]);
        let (x_view, z_view) = (x.view(), z.view());
        for (row, column) in (0..rows).flat_map(|row| [(row, 0), (row, 16)]) {
            let expected = x_view[[row, column]] * y.to_vec()[column] + z_view[[row, 0]] * 2.0;
            assert_eq!(value.view()[[row, column]], expected);
        }
        assert_eq!(tape.gradient(&value, &y)?.shape(), [17]);
        let of_x = tape.gradient(&value, &x)?;
        assert_eq!(tf::reduce_sum(&of_x, 0).to_vec(), (&y * f64::from(u32::try_from(rows).expect("few"))).to_vec());
        assert_eq!(tape.gradient(&of_x, &y).map(|second| second.shape().to_vec())?, [17]);
    }
    Ok(())
}

#[test]
fn parts_and_orders() {
    let x = counted(&[3, 4, 5]);
    assert_eq!(tf::transpose(&x, perm([2, 0, 1])).view()[[4, 2, 3]], x.view()[[2, 3, 4]]);
    assert_eq!(tf::slice(&x, [1, 1, 2], [2, 3, -1]).shape(), [2, 3, 3]);
    assert_eq!(tf::reduce_sum(tf::pad(&x, [[1, 0], [0, 2], [3, 0]]), ..).item(), 1770.0);
    assert_eq!(tf::gather(&x, tf::constant([[2, 0], [1, 1]]), axis(1)).shape(), [3, 2, 2, 5]);
    assert_eq!(tf::concat([&x, &x], 1).shape(), [3, 8, 5]);
    assert_eq!(tf::stack([&x, &x], -1).shape(), [3, 4, 5, 2]);
    assert_eq!(tf::reduce_sum(&x, axis([0, 2])).to_vec(), [330.0, 405.0, 480.0, 555.0]);
    assert_eq!(tf::reduce_max(&x, axis([0, 1])).to_vec(), [55.0, 56.0, 57.0, 58.0, 59.0]);
    assert_eq!(tf::argmax(&x, axis(1)).to_vec(), [3i64; 15]);
    assert_eq!(tf::one_hot::<f64>(tf::constant([1, 0]), 2).to_vec(), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(tf::broadcast_to(counted(&[3, 1]), [2, 3, 2]).to_vec()[..6], [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    let sums = tf::reduce_sum(tf::nn::softmax(&x, axis(1)), 1);
    assert!(sums.to_vec().into_iter().all(|sum: f64| (sum - 1.0).abs() < 1e-12));
}

#[test]
fn arrays_come_and_go() -> Result<(), Error> {
    let array = arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let tensor: Tensor<f64> = array.clone().into();
    assert_eq!(tensor.to_array::<Ix2>()?, array);
    let mut backwards: Array2<f64> = array.clone();
    backwards.invert_axis(Axis(1));
    assert_eq!(Tensor::from(backwards).to_vec(), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    // What is left of an array begins behind the beginning of its memory.
    let rest = array.slice_move(s![1.., ..]);
    let tensor = Tensor::from(rest);
    assert_eq!(tensor.to_vec(), [4.0, 5.0, 6.0]);
    let shared = tf::reshape(&tensor, [3]);
    assert_eq!(shared.clone().into_array::<Ix1>()?.to_vec(), tensor.into_array::<Ix2>()?.into_raw_vec_and_offset().0);
    Ok(())
}

/// (x³)' = 3 x², (x³)'' = 6 x, by every kind of tape and on several threads.
#[test]
fn tapes_of_every_kind() -> Result<(), Error> {
    let x = tf::constant([2.0, 3.0]);
    let cube = |x: &Tensor<f64>| x * x * x;
    let derivatives = || -> Result<[Vec<f64>; 3], Error> {
        let (outer, tape) = (GradientTape::new(), GradientTape::persistent());
        outer.watch(&x);
        tape.watch(&x);
        let y = cube(&x);
        let first = tape.gradient(&y, &x)?;
        let second = tape.gradient(&first, &x)?;
        drop(tape);
        let by_outer = outer.gradient(&first, &x)?;
        Ok([first.to_vec(), second.to_vec(), by_outer.to_vec()])
    };
    let expected = Ok([vec![12.0, 27.0], vec![12.0, 18.0], vec![12.0, 18.0]]);
    assert_eq!(derivatives(), expected);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(derivatives)).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no thread panics"), expected);
        }
    });
    let forward = ForwardAccumulator::new(&x, tf::constant([1.0, 10.0]))?;
    assert_eq!(forward.jvp(cube(&x))?.to_vec(), [12.0, 270.0]);
    drop(forward);
    assert_eq!(
        gradcore::functional::hvp(|x| tf::reduce_sum(cube(x), ..), &x, tf::constant([1.0, 1.0]))?.to_vec(),
        [12.0, 18.0]
    );
    Ok(())
}

/// A variable keeps its identity and changes its elements in place.
#[test]
fn a_training_step() -> Result<(), Error> {
    let mut w: Variable<f64> = Variable::new([[1.0, 2.0], [3.0, 4.0]]);
    let x = counted(&[3, 2]);
    let (mut sgd, mut adam) = (optimizers::Sgd::new(0.1), optimizers::Adam::new(0.1));
    for step in 0..4 {
        let tape = GradientTape::new();
        let loss = tf::reduce_sum(tf::square(tf::matmul(&x, &w, ..)), ..);
        let gradient = tape.gradient(&loss, &w)?;
        match step % 2 {
            0 => sgd.apply_gradients([(gradient, &mut w)])?,
            _ => adam.apply_gradients([(gradient, &mut w)])?,
        }
    }
    assert!(w.to_vec().iter().all(|w| w.is_finite()));
    Ok(())
}
