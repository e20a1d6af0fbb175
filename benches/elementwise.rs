//! Functions of one element against the same loops written by hand.
//!
//! `cargo bench --bench elementwise` prints nanoseconds an element, forward and backward together, and their ratio to
//! one plain loop forward and one backward, into two vectors that are used again for every run, on one thread, with std's
//! functions and the instruction set that the compiler takes by itself. Both run in turn; each number is the least of many
//! runs.

#![allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]

use std::hint::black_box;
use std::time::Instant;

use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn leaky_relu<T: Real>(x: T) -> T {
    let y = if x > 0.0 { x } else { 0.2 * x };
    let grad = |dy| if x > 0.0 { dy } else { 0.2 * dy };
    (y, grad)
}

#[custom_gradient(elementwise)]
fn log1pexp<T: Real>(x: T) -> T {
    let e = x.exp();
    ((1.0 + e).ln(), |dy| dy * (1.0 - 1.0 / (1.0 + e)))
}

/// A function of tensors, and the two loops by hand.
struct Case<T> {
    name: &'static str,
    rule: fn(&Tensor<T>) -> Tensor<T>,
    forward: fn(&[T], &mut [T]),
    backward: fn(&[T], &[T], &mut [T]),
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "these are the loops that a person would write in their places")]
fn loop_of_one<T: Copy>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    x.iter().zip(y).for_each(|(x, y)| *y = f(*x));
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "these are the loops that a person would write in their places")]
fn loop_of_two<T: Copy>(x: &[T], dy: &[T], dx: &mut [T], f: impl Fn(T, T) -> T) {
    x.iter().zip(dy).zip(dx).for_each(|((x, dy), dx)| *dx = f(*x, *dy));
}

macro_rules! cases {
    ($type:ident) => {
        [
            Case::<$type> {
                name: concat!("leaky_relu ", stringify!($type)),
                rule: leaky_relu,
                forward: |x, y| loop_of_one(x, y, |x| if x > 0.0 { x } else { 0.2 * x }),
                backward: |x, dy, dx| loop_of_two(x, dy, dx, |x, dy| if x > 0.0 { dy } else { 0.2 * dy }),
            },
            Case {
                name: concat!("log1pexp   ", stringify!($type)),
                rule: log1pexp,
                forward: |x, y| loop_of_one(x, y, |x| (1.0 + x.exp()).ln()),
                backward: |x, dy, dx| loop_of_two(x, dy, dx, |x, dy| dy * (1.0 - 1.0 / (1.0 + x.exp()))),
            },
        ]
    };
}

/// Seconds for `times` runs, the least of `samples`, of each of two programs in turn.
fn seconds(samples: usize, times: usize, mut first: impl FnMut(), mut second: impl FnMut()) -> [f64; 2] {
    let mut best = [f64::INFINITY; 2];
    let mut time = |place: usize, run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..times).for_each(|_| run());
        best[place] = best[place].min(start.elapsed().as_secs_f64() / times as f64);
    };
    for _ in 0..samples {
        time(0, &mut first);
        time(1, &mut second);
    }
    best
}

fn measure<T: Real>(case: &Case<T>, size: usize) -> Result<(), Error> {
    let values = |step: f64| (0..size).map(|k| T::of((k as f64 * step).sin() * 3.0)).collect::<Vec<T>>();
    let (x, dy) = (Tensor::from_vec(&[size], values(0.37))?, Tensor::from_vec(&[size], values(0.73))?);
    let (plain_x, plain_dy) = (x.to_vec(), dy.to_vec());
    let (mut y, mut dx) = (plain_x.clone(), plain_x.clone());
    let times = (2_000_000 / size).clamp(1, 20_000);
    let [ours, plain] = seconds(
        15,
        times,
        || {
            let tape = GradientTape::new();
            tape.watch(&x);
            let y = (case.rule)(black_box(&x));
            black_box(tape.gradient_with(&y, &x, output_gradients(&dy)).expect("a gradient"));
        },
        || {
            (case.forward)(black_box(&plain_x), black_box(&mut y));
            (case.backward)(black_box(&plain_x), &plain_dy, black_box(&mut dx));
        },
    );
    let each = |seconds: f64| seconds * 1e9 / size as f64;
    println!("{} {size:>9} {:>9.3} {:>9.3} {:>6.2}", case.name, each(ours), each(plain), ours / plain);
    Ok(())
}

fn main() -> Result<(), Error> {
    println!("{:<14} {:>9} {:>9} {:>9} {:>6}", "function", "elements", "rule ns", "plain ns", "ratio");
    for size in [1, 1_000, 100_000, 1_000_000, 16_000_000] {
        cases!(f32).iter().try_for_each(|case| measure(case, size))?;
        cases!(f64).iter().try_for_each(|case| measure(case, size))?;
    }
    Ok(())
}
