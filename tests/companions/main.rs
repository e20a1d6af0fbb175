//! The companions of `custom_gradient`: what changes how other functions are differentiated.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod hooks;
mod not_implemented;
mod pass_through;
mod prevent;
mod recompute;
mod recompute_faults;
mod stop_gradient;

use gradcore::prelude::*;

/// The gradient of f at x, by a tape for one.
pub(crate) fn gradient_at(f: impl Fn(&Tensor) -> Tensor, x: &Tensor) -> Result<Tensor, Error> {
    let tape = GradientTape::new();
    tape.watch(x);
    tape.gradient(f(x), x)
}

/// The derivatives of f at a number, of the first order to the third.
pub(crate) fn derivatives(f: impl Fn(&Tensor) -> Tensor, at: f32) -> Result<[f32; 3], Error> {
    let x = tf::constant(at);
    let tapes = [GradientTape::new(), GradientTape::new(), GradientTape::new()];
    tapes.iter().for_each(|tape| tape.watch(&x));
    let [third, second, first] = tapes;
    let first = first.gradient(f(&x), &x)?;
    let second = second.gradient(&first, &x)?;
    let third = third.gradient(&second, &x)?;
    Ok([first.item(), second.item(), third.item()])
}

/// That f panics, and how.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(f())));
    let panic = caught.expect_err("a panic");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a panic with a text")
}
