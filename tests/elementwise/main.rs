//! `#[custom_gradient(elementwise)]`: functions written for one element.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod broadcasting;
mod forms;
mod loops;
mod plain_numbers;
mod second;

use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

/// The gradient of `f` at `x`.
pub(crate) fn gradient_of<T: Real>(f: impl Fn(&Tensor<T>) -> Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = f(x);
    tape.gradient(&y, x).expect("a gradient")
}

/// Fails if a tensor is not what it should be but for rounding, in proportion to the expected number or to 1.
#[track_caller]
pub(crate) fn assert_close(what: &str, found: &Tensor<f64>, expected: &Tensor<f64>) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (found, expected) in found.to_vec().into_iter().zip(expected.to_vec()) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{what}: {found}, not {expected}");
    }
}

/// The text with which `run` panics.
pub(crate) fn panic_message(run: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).expect_err("a panic");
    payload.downcast::<String>().map_or_else(|_| String::new(), |text| *text)
}

/// A constant that counts how many of it are alive.
#[derive(Debug)]
pub(crate) struct Counted(&'static AtomicUsize);

impl Counted {
    pub(crate) fn new(alive: &'static AtomicUsize) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Counted(alive)
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Counted::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
