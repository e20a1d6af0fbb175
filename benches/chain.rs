//! The cost of a recorded operation beyond its arithmetic: a chain of 10 000 operations on scalars. And the cost of a rule
//! where no tape is active, beyond that of its body: goal, 2 ns.
//!
//! `cargo bench --bench chain` prints the best of 50 runs, in nanoseconds per operation.

use std::hint::black_box;
use std::time::Instant;

use gradcore::prelude::*;

const LENGTH: u32 = 10_000;
const RUNS: usize = 50;

/// y ← y · x and y ← y + x in turn.
fn chain(x: &Tensor) -> Tensor {
    (0..LENGTH).fold(tf::identity(x), |y, k| if k % 2 == 0 { &y * x } else { &y + x })
}

fn halved(x: &Tensor) -> Tensor {
    x * 0.5
}

#[custom_gradient]
fn halved_by_a_rule(x: &Tensor) -> Tensor {
    (x * 0.5, |dy| dy * 0.5)
}

/// Nanoseconds for each call of a function, in a chain of calls.
fn calls(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> f64 {
    let start = Instant::now();
    black_box((0..LENGTH).fold(tf::identity(x), |y, _| f(&y)));
    nanoseconds(start)
}

fn nanoseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / f64::from(LENGTH)
}

fn main() -> Result<(), Error> {
    let x = tf::constant(0.9999);
    let mut best = [f64::INFINITY; 5];
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(chain(&x));
        let plain = nanoseconds(start);

        let tape = GradientTape::new();
        tape.watch(&x);
        let start = Instant::now();
        let y = chain(&x);
        let forward = nanoseconds(start);
        let start = Instant::now();
        black_box(tape.gradient(&y, &x)?);
        let backward = nanoseconds(start);
        for (best, now) in
            best.iter_mut().zip([plain, forward, backward, calls(&x, halved), calls(&x, halved_by_a_rule)])
        {
            *best = best.min(now);
        }
    }
    let [plain, forward, backward, body, rule] = best;
    println!("nanoseconds an operation: {plain:.1} without a tape, {forward:.1} recorded, {backward:.1} backward");
    println!("nanoseconds a call without a tape: {body:.1} by a function, {rule:.1} by a rule of the same body");
    Ok(())
}
