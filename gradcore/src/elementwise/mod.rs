//! Functions written for one element, `#[custom_gradient(elementwise)]`: one loop forward, one backward.
//!
//! The macro emits the body once, as a function generic over its [`Mode`]. Each loop is a [`Function`] of single
//! elements that calls it; nothing but the inputs and the constants is kept between the two.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

mod constants;
mod linear;
mod mode;
mod second;

use std::array;
use std::panic::Location;
use std::rc::Rc;

use smallvec::SmallVec;

use crate::buffers;
use crate::element::Real;
use crate::error::or_refuse;
use crate::kernels::fused::{self, Function, Inputs, Stretched};
use crate::ops::sum_to;
use crate::recording::call_site::{Origin, Rule};
use crate::recording::member::{Member, Output};
use crate::recording::node::{Filling, Sink, Upstream};
use crate::recording::notes::NotedValue;
use crate::recording::{node, recorder};
use crate::rule::Argument;
use crate::shape::Shape;
use crate::tensor::{Erased, Identity, Tensor};

use constants::{Constants, KeptConstants};
pub use mode::{Backward, Forward, Mode, Partials, no_number};
use second::Second;
pub use second::{Once, Twice};

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
    F: for<'k> Fn(Forward, [T; N], [T; K], <C::Kept as KeptConstants>::Seen<'k>) -> T + Sync,
    B: for<'k> Fn(Backward<T>, [T; N], [T; K], <C::Kept as KeptConstants>::Seen<'k>) -> [T; N] + Copy + Sync + 'static,
    S: Second<T, C::Kept, N, K>,
{
    let shape = common_shape(rule, inputs);
    let f = Valued::<F, T, C::Kept, K> { f: &forward, scalars, constants: constants.seen(), calls };
    let [value] = computed(rule, &f, &shape, (inputs, [], []), u64::MAX);
    let y = value.expect("the output is wanted");
    let origin = Origin { rule, called: Location::caller() };
    record(origin, &inputs.map(Argument::member), N, &[&y], || {
        let inputs = inputs.map(Clone::clone);
        Rc::new(Call { origin, inputs, scalars, constants: constants.keep(), backward, second, calls, stops })
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

/// Tensors in three groups, whose elements a [`Function`] gets as three arrays.
type Groups<'a, T, const A: usize, const B: usize, const C: usize> =
    ([&'a Tensor<T>; A], [&'a Tensor<T>; B], [&'a Tensor<T>; C]);

/// The outputs of a function, of `shape`, to which all inputs broadcast; none for those that are not wanted.
#[track_caller]
fn computed<T: Real, const A: usize, const B: usize, const C: usize, const O: usize>(
    rule: &'static Rule,
    f: &impl Function<T, A, B, C, O>,
    shape: &Shape,
    (a, b, c): Groups<'_, T, A, B, C>,
    wanted: u64,
) -> [Option<Tensor<T>>; O] {
    let is_wanted = |o: usize| wanted >> o & 1 != 0;
    if shape.is_empty() {
        let value = |tensor: &Tensor<T>| tensor.values()[0];
        let values = f.at(wanted, a.map(value), b.map(value), c.map(value));
        return array::from_fn(|o| is_wanted(o).then(|| Tensor::scalar(values[o])));
    }
    let inputs = Inputs(stretched(a, shape), stretched(b, shape), stretched(c, shape));
    let mut outs = array::from_fn(|o| if is_wanted(o) { buffers::reserved(rule.name, shape) } else { Vec::new() });
    fused::map(f, shape.size(), inputs, wanted, &mut outs);
    array::from_fn(|o| {
        let values = std::mem::take(&mut outs[o]);
        is_wanted(o).then(|| Tensor::computed(shape.clone(), values).renewed(Identity::fresh()))
    })
}

fn stretched<'a, T: Real, const N: usize>(tensors: [&'a Tensor<T>; N], shape: &'a Shape) -> [Stretched<'a, T>; N] {
    tensors.map(|tensor| Stretched::new(tensor.values(), tensor.shape(), shape))
}

/// Records a call that has ended: outputs computed from inputs, on every tape that watches one of these. The backward
/// function keeps the first `kept` inputs.
#[track_caller]
fn record<T: Real>(
    origin: Origin,
    inputs: &[Member<'_>],
    kept: usize,
    outputs: &[&Tensor<T>],
    backward: impl FnOnce() -> Rc<dyn node::Backward>,
) {
    if recorder::is_idle() {
        return;
    }
    let begun = recorder::begin(origin.rule, inputs, &[]);
    if recorder::notes_saved() && begun.watched != 0 {
        recorder::note_kept(begun, noted(origin.rule, &inputs[..kept]));
    }
    let described = outputs.iter().map(|output| {
        let identity = output.identity();
        Output { inside: identity, outside: identity, value: *output }
    });
    recorder::finish(begun, &described.collect::<SmallVec<[Output<'_>; 1]>>(), backward);
}

/// Inputs that a backward function keeps: those of the function, and for a backward loop `dy`.
fn noted(rule: &'static Rule, inputs: &[Member<'_>]) -> impl Iterator<Item = NotedValue> {
    let names = rule.parameters.iter().copied().chain(["dy"]);
    names.zip(inputs).filter_map(|(name, input)| Some(NotedValue::tensor_of(name, input.seen.handle()?)))
}

/// The value of a function, element by element.
struct Valued<'a, F, T, Q: KeptConstants + 'a, const K: usize> {
    f: &'a F,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, F, T: Real, Q: KeptConstants, const N: usize, const K: usize> Function<T, N, 0, 0, 1>
    for Valued<'a, F, T, Q, K>
where
    F: Fn(Forward, [T; N], [T; K], Q::Seen<'a>) -> T + Sync,
{
    #[inline(always)]
    fn at(&self, _: u64, x: [T; N], _: [T; 0], _: [T; 0]) -> [T; 1] {
        [(self.f)(Forward, x, self.scalars, self.constants)]
    }

    fn calls(&self) -> bool {
        self.calls
    }
}

/// The gradients of a function, element by element.
struct Derived<'a, B, T, Q: KeptConstants + 'a, const K: usize> {
    f: &'a B,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, B, T: Real, Q: KeptConstants, const N: usize, const K: usize> Function<T, N, 1, 0, N>
    for Derived<'a, B, T, Q, K>
where
    B: Fn(Backward<T>, [T; N], [T; K], Q::Seen<'a>) -> [T; N] + Sync,
{
    #[inline(always)]
    fn at(&self, wanted: u64, x: [T; N], [upstream]: [T; 1], _: [T; 0]) -> [T; N] {
        (self.f)(Backward { upstream, wanted }, x, self.scalars, self.constants)
    }

    fn calls(&self) -> bool {
        self.calls
    }
}

/// The gradients of one element.
pub trait ElementRule<T: Real, Q: KeptConstants, const N: usize, const K: usize>:
    for<'k> Fn(Backward<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static
{
}
impl<F, T: Real, Q: KeptConstants, const N: usize, const K: usize> ElementRule<T, Q, N, K> for F where
    F: for<'k> Fn(Backward<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static
{
}

/// What a tape keeps of a call.
#[derive(Clone)]
pub struct Call<T, Q, B, S, const N: usize, const K: usize> {
    origin: Origin,
    inputs: [Tensor<T>; N],
    scalars: [T; K],
    constants: Q,
    backward: B,
    second: S,
    /// Whether the body calls functions that are no instructions.
    calls: bool,
    /// The inputs to which no gradient flows, whatever they are: bit `k` for the `k`th.
    stops: u64,
}

impl<T: Real, Q: KeptConstants, B, S, const N: usize, const K: usize> Call<T, Q, B, S, N, K>
where
    B: for<'k> Fn(Backward<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static,
    S: Second<T, Q, N, K>,
{
    /// The gradients before they are summed to the shapes of the inputs, recorded.
    fn gradients(&self, dy: &Tensor<T>, wanted: u64) -> [Option<Tensor<T>>; N] {
        let (scalars, calls) = (self.scalars, self.calls);
        let f = Derived::<B, T, Q, K> { f: &self.backward, scalars, constants: self.constants.seen(), calls };
        let inputs = self.inputs.each_ref();
        let gradients = computed(self.origin.rule, &f, &dy.shared_shape(), (inputs, [dy], []), wanted);
        match recorder::is_idle() {
            true => gradients,
            false => self.second.record(self, dy, wanted, gradients),
        }
    }
}

impl<T: Real, Q: KeptConstants, B, S, const N: usize, const K: usize> node::Backward for Call<T, Q, B, S, N, K>
where
    B: for<'k> Fn(Backward<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static,
    S: Second<T, Q, N, K>,
{
    fn origin(&self) -> Origin {
        self.origin
    }

    fn parameter(&self, position: usize) -> String {
        (*self.origin.rule.parameters.get(position).unwrap_or(&"?")).to_owned()
    }

    fn fill(&self, upstream: &mut Filling<'_>) {
        upstream.next::<T>();
    }

    fn stops(&self, position: usize) -> bool {
        self.stops >> position & 1 != 0
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        let Some(dy) = upstream.gradients[0].as_ref().and_then(Erased::get) else { return };
        let needed = (0..N).filter(|k| sink.needs(*k)).fold(0u64, |needed, k| needed | 1 << k);
        let wanted = needed & !self.stops;
        if wanted == 0 {
            return;
        }
        let gradients = self.gradients(dy, if wanted.count_ones() as usize == N { u64::MAX } else { wanted });
        for (k, gradient) in gradients.into_iter().enumerate() {
            if let Some(gradient) = gradient.filter(|_| wanted >> k & 1 != 0) {
                sink.put(k, sum_to(&gradient, &self.inputs[k].shared_shape()));
            }
        }
    }
}
