//! What `#[custom_gradient]` makes of functions: every form that a rule and its parameters can take.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

mod arrays;
mod arrays_at_the_edges;
mod broadcast;
mod captures;
mod cells;
mod closures;
mod comparisons;
mod configured;
mod fragments;
mod fragments_elsewhere;
mod grad;
mod helpers;
mod hygienic;
mod lists;
mod outputs;
mod parameters;
mod places;
mod random;
mod recompute;
mod side_doors;
mod upstream;
mod variables;

use gradcore::prelude::*;

/// The gradient of `f` at `x`, as a vector.
pub(crate) fn gradient_of(f: impl Fn(&Tensor) -> Tensor, x: impl AsRef<[f32]>) -> Vec<f32> {
    let x = tf::constant(x.as_ref());
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&x);
    tape.gradient(&y, &x).expect("a gradient").to_vec()
}
