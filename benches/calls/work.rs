//! Calls on tensors so small that it matters what a call costs beyond its arithmetic.

use std::hint::black_box;

use gradcore::prelude::*;

#[custom_gradient(elementwise)]
fn leaky_relu<T: Real>(x: T) -> T {
    let y = if x > 0.0 { x } else { 0.2 * x };
    let grad = |dy| if x > 0.0 { dy } else { 0.2 * dy };
    (y, grad)
}

fn halved(x: &Tensor) -> Tensor {
    x * 0.5
}

#[custom_gradient]
fn halved_by_a_rule(x: &Tensor) -> Tensor {
    (x * 0.5, |dy| dy * 0.5)
}

/// Calls a function so many times.
type Run = fn(times: u32);

pub(crate) const WORKS: [(&str, Run); 7] = [
    ("scalar operation, no tape", |times| {
        black_box(chain(&tf::constant(0.9999), times));
    }),
    ("scalar operation, recorded and backward", |times| differentiated(&tf::constant(0.9999), |x| chain(x, times))),
    ("function, no tape", |times| repeated(tf::constant(0.9999), times, halved)),
    ("rule, no tape", |times| repeated(tf::constant(0.9999), times, halved_by_a_rule)),
    ("16 elements, operation, no tape", |times| repeated(tf::ones([16]), times, halved)),
    ("16 elements, operation, recorded and backward", |times| {
        differentiated(&tf::ones([16]), |x| chain(x, times));
    }),
    ("16 elements, elementwise rule, recorded and backward", |times| {
        differentiated(&tf::ones([16]), |x| (0..times).fold(tf::identity(x), |y, _| leaky_relu(&y)));
    }),
];

/// y ← y · x and y ← y + x in turn.
fn chain(x: &Tensor, times: u32) -> Tensor {
    (0..times).fold(tf::identity(x), |y, k| if k % 2 == 0 { &y * x } else { &y + x })
}

fn repeated(x: Tensor, times: u32, f: impl Fn(&Tensor) -> Tensor) {
    black_box((0..times).fold(x, |y, _| f(&y)));
}

fn differentiated(x: &Tensor, f: impl Fn(&Tensor) -> Tensor) {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = f(x);
    black_box(tape.gradient(&y, x).expect("a gradient"));
}
