//! Second derivatives of functions of one element, by dual numbers.

use std::array;
use std::rc::Rc;

use smallvec::SmallVec;

use super::call::{ElementCall, ElementRule, Second};
use super::constants::ResidualConstants;
use super::linear::record_linear;
use super::loops::computed;
use super::mode::ForGradients;
use super::recorded::record;
use crate::element::{Dual, Real, reads};
use crate::kernels::elementwise::{kept, kept_or_given};
use crate::kernels::fused::Function;
use crate::ops::sum_to;
use crate::recording::call_site::CallSite;
use crate::recording::node::{ProbeOutputs, Sink, Upstream};
use crate::recording::tensor_ref::TensorRef;
use crate::recording::{node, recorder};
use crate::rule::Argument;
use crate::rule::underived::Underived;
use crate::shape::Shape;
use crate::tensor::{Erased, Role, Tensor};

/// It has none, for this reason.
#[derive(Clone, Copy)]
pub struct Once(pub &'static str);

impl<T: Real, Q: ResidualConstants, const N: usize, const K: usize> Second<T, Q, N, K> for Once {
    fn record<B: ElementRule<T, Q, N, K>>(
        self,
        call: &ElementCall<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        wanted: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N] {
        let underived = Underived { site: call.site, order: "second", reason: self.0 };
        let outputs: SmallVec<[&Tensor<T>; 2]> = gradients.iter().flatten().collect();
        let (call, shape) = (call.clone(), dy.shared_shape());
        let inputs = tensor_refs(&call.inputs, dy);
        let transpose = {
            let call = call.clone();
            move |_: usize, upstreams: &[Option<&Tensor<T>>]| call.in_upstream(&shape, wanted, upstreams, underived)
        };
        record_linear(underived, &inputs, N, &outputs, transpose);
        drop(outputs);
        gradients
    }
}

impl<T: Real, Q: ResidualConstants, B: ElementRule<T, Q, N, K>, S: Copy + 'static, const N: usize, const K: usize>
    ElementCall<T, Q, B, S, N, K>
{
    /// The derivative of the gradients in `wanted` by their upstream gradient, weighted by what is upstream of each.
    fn in_upstream(
        &self,
        shape: &Shape,
        wanted: u64,
        upstreams: &[Option<&Tensor<T>>],
        underived: Underived,
    ) -> Tensor<T> {
        let zero = Tensor::nothing(self.site.rule.name, Shape::SCALAR);
        let upstreams = spread(wanted, upstreams, &zero);
        let choices = upstreams.map(|upstream| upstream.role().has_choices());
        let f = Weighted::<B, T, Q, N, K> {
            choices,
            f: &self.backward,
            scalars: self.scalars,
            constants: self.constants.seen(),
            calls: self.calls,
        };
        let [derivative] = computed(self.site.rule, &f, shape, (self.inputs.each_ref(), [], upstreams), u64::MAX);
        let tensor_refs: SmallVec<[TensorRef<'_>; 4]> =
            self.inputs.iter().chain(upstreams).map(Argument::tensor_ref).collect();
        let derivative = derivative.expect("the output is wanted").with_role(role_of(choices));
        underived.mark(&tensor_refs, derivative)
    }
}

/// The role of a sum of products with gradients, of which these have zeros of choice.
fn role_of<const N: usize>(choices: [bool; N]) -> Role {
    if choices.iter().all(|has_choices| *has_choices) { Role::Choices } else { Role::Gradient }
}

/// What is upstream of each gradient; `zero` for one that was not wanted, or that nobody used.
fn spread<'a, T, const N: usize>(
    wanted: u64,
    upstreams: &[Option<&'a Tensor<T>>],
    zero: &'a Tensor<T>,
) -> [&'a Tensor<T>; N] {
    let mut given = upstreams.iter().copied();
    array::from_fn(|k| if wanted >> k & 1 != 0 { given.next().flatten() } else { None }.unwrap_or(zero))
}

/// The sum of the gradients of a function, each at an upstream gradient of its own.
struct Weighted<'a, B, T, Q: ResidualConstants + 'a, const N: usize, const K: usize> {
    /// Which of what is upstream has zeros of choice.
    choices: [bool; N],
    f: &'a B,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, B, T: Real, Q: ResidualConstants, const N: usize, const K: usize> Function<T, N, 0, N, 1>
    for Weighted<'a, B, T, Q, N, K>
where
    B: Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'a>) -> [T; N] + Sync,
{
    #[inline(always)]
    fn at(&self, _: u64, x: [T; N], _: [T; 0], upstream: [T; N]) -> [T; 1] {
        let gradient = |k: usize| {
            let mode =
                ForGradients::of(if self.choices[k] { upstream[k].without_choice() } else { upstream[k] }, 1 << k);
            let gradient = (self.f)(mode, x, self.scalars, self.constants)[k];
            if self.choices[k] { kept_or_given(upstream[k], gradient) } else { gradient }
        };
        [(0..N).map(gradient).fold(T::NO_CHOICE, T::plus)]
    }

    fn calls(&self) -> bool {
        self.calls
    }
}

/// It is that of its gradient on dual numbers.
#[derive(Clone, Copy)]
pub struct Twice<D>(pub D);

impl<T: Real, Q: ResidualConstants, D, const N: usize, const K: usize> Second<T, Q, N, K> for Twice<D>
where
    D: for<'k> Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N]
        + Copy
        + Sync
        + 'static,
{
    fn record<B: ElementRule<T, Q, N, K>>(
        self,
        call: &ElementCall<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        wanted: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N] {
        let outputs: SmallVec<[&Tensor<T>; 2]> = gradients.iter().flatten().collect();
        record(call.site, &tensor_refs(&call.inputs, dy), N + 1, &outputs, || {
            Rc::new(BackwardCall {
                site: call.site,
                inputs: call.inputs.clone(),
                dy: dy.clone(),
                scalars: call.scalars,
                constants: call.constants.clone(),
                gradient: self.0,
                wanted,
                calls: call.calls,
            })
        });
        drop(outputs);
        gradients
    }
}

fn tensor_refs<'a, T: Real>(inputs: &'a [Tensor<T>], dy: &'a Tensor<T>) -> SmallVec<[TensorRef<'a>; 4]> {
    inputs.iter().chain([dy]).map(Argument::tensor_ref).collect()
}

/// What a tape keeps of a backward loop: of the inputs and `dy` it made the gradients in `wanted`.
#[derive(Clone)]
struct BackwardCall<T, Q, D, const N: usize, const K: usize> {
    site: CallSite,
    inputs: [Tensor<T>; N],
    dy: Tensor<T>,
    scalars: [T; K],
    constants: Q,
    gradient: D,
    wanted: u64,
    calls: bool,
}

/// The derivative of the gradients in one direction, weighted by what is upstream of each.
struct Directed<'a, D, T, Q: ResidualConstants + 'a, const K: usize> {
    /// The number of the input, or the count of them for `dy`.
    direction: usize,
    wanted: u64,
    gradient: &'a D,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, D, T: Real, Q: ResidualConstants, const K: usize> Directed<'a, D, T, Q, K> {
    /// The gradients of one element; `is_looked_at` by who asks whether they read numbers.
    #[inline(always)]
    fn gradients<const N: usize>(&self, x: [T; N], dy: T, is_looked_at: bool) -> [Dual<T>; N]
    where
        D: Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'a>) -> [Dual<T>; N],
    {
        let seeded = |k: usize, value: T| match k == self.direction {
            true => Dual::variable(value),
            false => Dual::constant(value),
        };
        let x = array::from_fn(|k| seeded(k, x[k]));
        let mode = ForGradients::of(seeded(N, dy), self.wanted);
        let mode = if is_looked_at { mode.looked_at() } else { mode };
        (self.gradient)(mode, x, self.scalars.map(Dual::constant), self.constants)
    }
}

/// The sum of the derivatives in one direction, each weighted by what is upstream of it.
struct Summed<'a, D, T, Q: ResidualConstants + 'a, const N: usize, const K: usize> {
    directed: Directed<'a, D, T, Q, K>,
    /// Which of what is upstream has zeros of choice, and whether `dy` has some and is not the direction.
    choices: ([bool; N], bool),
}

impl<'a, D, T: Real, Q: ResidualConstants, const N: usize, const K: usize> Function<T, N, 1, N, 1>
    for Summed<'a, D, T, Q, N, K>
where
    D: Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'a>) -> [Dual<T>; N] + Sync,
{
    #[inline(always)]
    fn at(&self, _: u64, x: [T; N], [dy]: [T; 1], upstream: [T; N]) -> [T; 1] {
        let gradients = self.directed.gradients(x, dy, false);
        let term = |k: usize| {
            let term = gradients[k].derivative * upstream[k];
            if self.choices.0[k] { kept(upstream[k], term) } else { term }
        };
        let sum = (0..N).map(term).fold(T::NO_CHOICE, T::plus);
        // Where all of what is upstream has zeros of choice, one of the sum is one.
        let sum = if self.choices.0.iter().all(|has_choices| *has_choices) { sum } else { sum.without_choice() };
        [if self.choices.1 && dy.is_no_choice() { dy } else { sum }]
    }

    fn calls(&self) -> bool {
        self.directed.calls
    }
}

/// Whether the gradients read what has a derivative in that direction as a plain number: 1 where they do.
struct Reads<'a, D, T, Q: ResidualConstants + 'a, const K: usize>(Directed<'a, D, T, Q, K>);

impl<'a, D, T: Real, Q: ResidualConstants, const N: usize, const K: usize> Function<T, N, 1, 0, 1>
    for Reads<'a, D, T, Q, K>
where
    D: Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'a>) -> [Dual<T>; N] + Sync,
{
    fn at(&self, _: u64, x: [T; N], [dy]: [T; 1], _: [T; 0]) -> [T; 1] {
        let reads = reads::are_in(|| {
            self.0.gradients(x, dy, true);
        });
        [if reads { T::ONE } else { T::NOTHING }]
    }

    fn calls(&self) -> bool {
        self.0.calls
    }
}

const READ: &str = "a number that has a derivative was read as a plain number there, by `to_f64`; compute with the functions of `Real`, or with tensors, or, what the value alone needs, in the value of the pair, as in `(T::of(f(x.to_f64())), grad)`";
const THIRD: &str = "element by element functions have a first and a second; for more, write the function on tensors";

impl<T: Real, Q: ResidualConstants, D, const N: usize, const K: usize> node::Backward for BackwardCall<T, Q, D, N, K>
where
    D: for<'k> Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N]
        + Copy
        + Sync
        + 'static,
{
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        (*self.site.rule.parameters.get(position).unwrap_or(&"dy")).to_owned()
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        (0..N).filter(|k| self.wanted >> k & 1 != 0).for_each(|_| outputs.next::<T>());
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        let zero = Tensor::nothing(self.site.rule.name, Shape::SCALAR);
        let given: SmallVec<[Option<&Tensor<T>>; 2]> =
            upstream.gradients.iter().map(|gradient| gradient.as_ref().and_then(Erased::get)).collect();
        let upstream: [&Tensor<T>; N] = spread(self.wanted, &given, &zero);
        for direction in (0..=N).filter(|k| sink.needs(*k)).collect::<SmallVec<[usize; 4]>>() {
            let before = reads::count();
            let derivative = self.directed(direction, upstream);
            if reads::count() != before && self.reads(direction) {
                return Underived { site: self.site, order: "second", reason: READ }.refuse(sink);
            }
            let derivative = self.recorded(direction, upstream, derivative);
            let of_input = self.inputs.get(direction).map_or_else(|| self.dy.shared_shape(), Tensor::shared_shape);
            sink.put(direction, sum_to(&derivative, &of_input));
        }
    }
}

impl<T: Real, Q: ResidualConstants, D, const N: usize, const K: usize> BackwardCall<T, Q, D, N, K>
where
    D: for<'k> Fn(ForGradients<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N]
        + Copy
        + Sync
        + 'static,
{
    /// The derivative of the gradients in a direction, recorded as linear in what is upstream of them.
    fn recorded(&self, direction: usize, upstream: [&Tensor<T>; N], derivative: Tensor<T>) -> Tensor<T> {
        if recorder::is_idle() {
            return derivative;
        }
        let mut tensor_refs = tensor_refs(&self.inputs, &self.dy);
        tensor_refs.extend(upstream.iter().map(|upstream| upstream.tensor_ref()));
        let underived = Underived { site: self.site, order: "third", reason: THIRD };
        let call = self.clone();
        record_linear(underived, &tensor_refs, N + 1, &[&derivative], move |k, upstreams| {
            // Of the gradient with number k alone, weighted by what is upstream of its derivative.
            let zero = Tensor::nothing(call.site.rule.name, Shape::SCALAR);
            let weight = upstreams[0].unwrap_or(&zero);
            let weights = array::from_fn(|other| if other == k { weight } else { &zero });
            let weighted = call.directed(direction, weights);
            let inputs = call.inputs.iter().chain([&call.dy, weight]).map(Argument::tensor_ref);
            underived.mark(&inputs.collect::<SmallVec<[TensorRef<'_>; 4]>>(), weighted)
        });
        derivative
    }

    fn in_direction(&self, direction: usize) -> Directed<'_, D, T, Q, K> {
        Directed {
            direction,
            wanted: self.wanted,
            gradient: &self.gradient,
            scalars: self.scalars,
            constants: self.constants.seen(),
            calls: self.calls,
        }
    }

    /// Whether the derivative in a direction is lost at some element.
    #[cold]
    fn reads(&self, direction: usize) -> bool {
        let groups = (self.inputs.each_ref(), [&self.dy], []);
        let f = Reads(self.in_direction(direction));
        let [reads] = computed(self.site.rule, &f, &self.dy.shared_shape(), groups, u64::MAX);
        reads.expect("the output is wanted").values().iter().any(|reads| *reads != T::NOTHING)
    }

    /// The derivative of the gradients in a direction, weighted by what is upstream of each.
    fn directed(&self, direction: usize, upstream: [&Tensor<T>; N]) -> Tensor<T> {
        let of_upstream = upstream.map(|upstream| upstream.role().has_choices());
        let of_dy = direction != N && self.dy.role().has_choices();
        let f = Summed { directed: self.in_direction(direction), choices: (of_upstream, of_dy) };
        let groups = (self.inputs.each_ref(), [&self.dy], upstream);
        let [derivative] = computed(self.site.rule, &f, &self.dy.shared_shape(), groups, u64::MAX);
        let role = if of_dy { Role::Choices } else { role_of(of_upstream) };
        derivative.expect("the output is wanted").with_role(role)
    }
}
