//! Sizes: the same numbers in one block, in many, and on several threads.

use gradcore::prelude::*;

use crate::gradient_of;

#[custom_gradient(elementwise)]
fn softplus<T: Real>(x: T) -> T {
    let y = x.max(0.0) + (-x.abs()).exp().ln_1p();
    (y, |dy| dy / (1.0 + (-x).exp()))
}

fn numbers(size: usize) -> Vec<f32> {
    (0..size).map(|k| f32::from(u16::try_from(k * 31 % 4001).expect("small")) / 200.0 - 10.0).collect()
}

#[test]
fn an_element_is_the_same_whatever_the_size() -> Result<(), Error> {
    let all = numbers(600_000);
    let one = |x: f32| {
        let x = tf::constant(x);
        (softplus(&x).item().to_bits(), gradient_of(softplus, &x).item().to_bits())
    };
    for size in [0, 1, 7, 1023, 1024, 1025, 40_000, 262_143, 262_144, 600_000] {
        let x = Tensor::from_vec(&[size], all[..size].to_vec())?;
        let (y, dx) = (softplus(&x).to_vec(), gradient_of(softplus, &x).to_vec());
        assert_eq!((y.len(), dx.len()), (size, size));
        for k in (0..size).step_by(977).chain(size.checked_sub(1)) {
            assert_eq!((y[k].to_bits(), dx[k].to_bits()), one(all[k]), "element {k} of {size}");
        }
    }
    Ok(())
}

#[custom_gradient(elementwise)]
fn weighted(x: f32, w: f32, b: f32) -> f32 {
    (x * w + b, |dy| (dy * w, dy * x, dy))
}

/// Where threads share the loop, each computes the rows that one thread would.
#[test]
fn what_threads_share_is_what_one_thread_computes() -> Result<(), Error> {
    let (rows, columns) = (3000, 257);
    let x = Tensor::from_vec(&[rows, columns], numbers(rows * columns))?;
    let (w, b) = (Tensor::from_vec(&[columns], numbers(columns))?, tf::constant(0.5));
    let tape = GradientTape::persistent();
    tape.watch((&x, &w));
    let y = weighted(&x, &w, &b);
    let (dx, dw) = tape.gradient(&y, (&x, &w))?;
    let (x, w, y, dx) = (x.to_vec(), w.to_vec(), y.to_vec(), dx.to_vec());
    for k in 0..rows * columns {
        let w = w[k % columns];
        assert_eq!((y[k], dx[k]), (x[k] * w + 0.5, w), "element {k}");
    }
    // The numbers are multiples of 1/200 below 10, so the sum is exact to well within a thousandth.
    for (column, dw) in dw.to_vec().into_iter().enumerate() {
        let sum: f64 = x.iter().skip(column).step_by(columns).map(|x| f64::from(*x)).sum();
        assert!((f64::from(dw) - sum).abs() < 1e-3 * sum.abs().max(1.0), "column {column}: {dw}, not {sum}");
    }
    Ok(())
}

#[test]
fn it_may_run_on_any_thread() {
    let x = tf::constant([1.0, 2.0]);
    let there = std::thread::spawn({
        let x = x.clone();
        move || gradient_of(softplus, &x).to_vec()
    });
    assert_eq!(there.join().expect("no panic"), gradient_of(softplus, &x).to_vec());
}
