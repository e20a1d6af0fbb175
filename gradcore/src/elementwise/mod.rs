//! Functions written for one element, `#[custom_gradient(elementwise)]`: one loop forward, one backward.
//!
//! The macro emits the body once, as a function generic over its [`Mode`]. Each loop is a [`Function`] of single
//! elements that calls it; nothing but the inputs and the constants is kept between the two.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

mod call;
mod constants;
mod linear;
mod loops;
mod mode;
mod recorded;
mod second;
mod value;

use std::panic::Location;
use std::rc::Rc;

use crate::element::Real;
use crate::error::or_refuse;
use crate::kernels::fused::Function;
use crate::recording::call_site::{CallSite, Rule};
use crate::rule::Argument;
use crate::shape::Shape;
use crate::tensor::Tensor;

use call::{ElementCall, Second};
use constants::{Constants, ResidualConstants};
use loops::computed;
pub use mode::{ForGradients, ForValue, Mode, Partials, no_number};
use recorded::record;
pub use second::{Once, Twice};
pub use value::Value;

/// Calls a function of one element for every element of its inputs, which broadcast as those of operators do.
///
/// # Panics
/// Panics if the shapes do not broadcast.
#[track_caller]
#[allow(clippy::too_many_arguments, reason = "it is called by generated code alone")]
pub fn elementwise<T, C, F, B, S, const N: usize, const K: usize>(
    rule: &'static Rule,
    inputs: [&Tensor<T>; N],
    scalars: [T; K],
    constants: C,
    forward: F,
    backward: B,
    second: S,
    calls: bool,
    stops: u64,
) -> Tensor<T>
where
    T: Real,
    C: Constants,
    F: for<'k> Fn(ForValue, [T; N], [T; K], <C::Residual as ResidualConstants>::Seen<'k>) -> T + Sync,
    B: for<'k> Fn(ForGradients<T>, [T; N], [T; K], <C::Residual as ResidualConstants>::Seen<'k>) -> [T; N]
        + Copy
        + Sync
        + 'static,
    S: Second<T, C::Residual, N, K>,
{
    let shape = common_shape(rule, inputs);
    let f = Valued::<F, T, C::Residual, K> { f: &forward, scalars, constants: constants.seen(), calls };
    let [value] = computed(rule, &f, &shape, (inputs, [], []), u64::MAX);
    let y = value.expect("the output is wanted");
    let site = CallSite { rule, called: Location::caller() };
    record(site, &inputs.map(Argument::tensor_ref), N, &[&y], || {
        let inputs = inputs.map(Clone::clone);
        Rc::new(ElementCall { site, inputs, scalars, constants: constants.keep(), backward, second, calls, stops })
    });
    y
}

#[track_caller]
fn common_shape<T: Real, const N: usize>(rule: &'static Rule, inputs: [&Tensor<T>; N]) -> Shape {
    let mut shape = inputs.first().map(|input| input.shared_shape()).unwrap_or_default();
    for input in inputs.iter().skip(1) {
        if shape == input.shape() {
            continue;
        }
        shape = or_refuse(Shape::broadcast(rule.name, &shape, input.shape()));
    }
    shape
}

/// The value of a function, element by element.
struct Valued<'a, F, T, Q: ResidualConstants + 'a, const K: usize> {
    f: &'a F,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, F, T: Real, Q: ResidualConstants, const N: usize, const K: usize> Function<T, N, 0, 0, 1>
    for Valued<'a, F, T, Q, K>
where
    F: Fn(ForValue, [T; N], [T; K], Q::Seen<'a>) -> T + Sync,
{
    #[inline(always)]
    fn at(&self, _: u64, x: [T; N], _: [T; 0], _: [T; 0]) -> [T; 1] {
        [(self.f)(ForValue, x, self.scalars, self.constants)]
    }

    fn calls(&self) -> bool {
        self.calls
    }
}
