//! Second derivatives of functions of one element, by dual numbers.

use std::array;
use std::rc::Rc;

use smallvec::SmallVec;

use super::constants::KeptConstants;
use super::mode::Backward;
use super::{Call, computed, record};
use crate::element::{Dual, Real};
use crate::kernels::fused::Function;
use crate::ops::sum_to;
use crate::rule::Argument;
use crate::rule::underived::Underived;
use crate::tape::{self, Filling, Member, Origin, Sink, Upstream};
use crate::tensor::{Erased, Tensor};

/// Whether a function has a second derivative.
pub trait Second<T: Real, Q: KeptConstants, const N: usize, const K: usize>: Copy + 'static {
    /// Records the gradients in `wanted`, which a call has computed from its inputs and `dy`.
    #[doc(hidden)]
    fn record<B: Copy + Sync + 'static>(
        self,
        call: &Call<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        wanted: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N];
}

/// It has none, for this reason.
#[derive(Clone, Copy)]
pub struct Once(pub &'static str);

impl<T: Real, Q: KeptConstants, const N: usize, const K: usize> Second<T, Q, N, K> for Once {
    fn record<B: Copy + Sync + 'static>(
        self,
        call: &Call<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        _: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N] {
        let underived = Underived { origin: call.origin, order: "second", reason: self.0 };
        let members = members(&call.inputs, dy);
        gradients.map(|gradient| gradient.map(|gradient| underived.mark(&members, gradient)))
    }
}

/// It is that of its gradient on dual numbers.
#[derive(Clone, Copy)]
pub struct Twice<D>(pub D);

impl<T: Real, Q: KeptConstants, D, const N: usize, const K: usize> Second<T, Q, N, K> for Twice<D>
where
    D: for<'k> Fn(Backward<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N] + Copy + Sync + 'static,
{
    fn record<B: Copy + Sync + 'static>(
        self,
        call: &Call<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        wanted: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N] {
        let outputs: SmallVec<[&Tensor<T>; 2]> = gradients.iter().flatten().collect();
        record(call.origin, &members(&call.inputs, dy), &outputs, || {
            Rc::new(BackwardCall {
                origin: call.origin,
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

fn members<'a, T: Real>(inputs: &'a [Tensor<T>], dy: &'a Tensor<T>) -> SmallVec<[Member<'a>; 4]> {
    inputs.iter().chain([dy]).map(Argument::member).collect()
}

/// What a tape keeps of a backward loop: of the inputs and `dy` it made the gradients in `wanted`.
#[derive(Clone)]
struct BackwardCall<T, Q, D, const N: usize, const K: usize> {
    origin: Origin,
    inputs: [Tensor<T>; N],
    dy: Tensor<T>,
    scalars: [T; K],
    constants: Q,
    gradient: D,
    wanted: u64,
    calls: bool,
}

/// The derivative of the gradients in one direction, weighted by what is upstream of each.
struct Directed<'a, D, T, Q: KeptConstants + 'a, const K: usize> {
    /// The number of the input, or the count of them for `dy`.
    direction: usize,
    wanted: u64,
    gradient: &'a D,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, D, T: Real, Q: KeptConstants, const N: usize, const K: usize> Function<T, N, 1, N, 1>
    for Directed<'a, D, T, Q, K>
where
    D: Fn(Backward<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'a>) -> [Dual<T>; N] + Sync,
{
    #[inline(always)]
    fn at(&self, _: u64, x: [T; N], [dy]: [T; 1], upstream: [T; N]) -> [T; 1] {
        let seeded = |k: usize, value: T| match k == self.direction {
            true => Dual::variable(value),
            false => Dual::constant(value),
        };
        let x = array::from_fn(|k| seeded(k, x[k]));
        let mode = Backward { upstream: seeded(N, dy), wanted: self.wanted };
        let gradients = (self.gradient)(mode, x, self.scalars.map(Dual::constant), self.constants);
        let terms = gradients.iter().zip(upstream).map(|(gradient, upstream)| gradient.derivative * upstream);
        [terms.sum()]
    }

    fn calls(&self) -> bool {
        self.calls
    }
}

const THIRD: &str = "element by element functions have a first and a second; for more, write the function on tensors";

impl<T: Real, Q: KeptConstants, D, const N: usize, const K: usize> tape::Backward for BackwardCall<T, Q, D, N, K>
where
    D: for<'k> Fn(Backward<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N] + Copy + Sync + 'static,
{
    fn origin(&self) -> Origin {
        self.origin
    }

    fn parameter(&self, position: usize) -> String {
        (*self.origin.rule.parameters.get(position).unwrap_or(&"dy")).to_owned()
    }

    fn fill(&self, upstream: &mut Filling<'_>) {
        (0..N).filter(|k| self.wanted >> k & 1 != 0).for_each(|_| upstream.next::<T>());
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        // What is upstream of each gradient; a gradient that was not wanted, or that nobody used, has none.
        let zero = Tensor::scalar(T::NOTHING);
        let mut given = upstream.gradients.iter();
        let upstream: [&Tensor<T>; N] = array::from_fn(|k| {
            let gradient = if self.wanted >> k & 1 != 0 { given.next() } else { None };
            gradient.and_then(Option::as_ref).and_then(Erased::get).unwrap_or(&zero)
        });
        for direction in (0..=N).filter(|k| sink.needs(*k)).collect::<SmallVec<[usize; 4]>>() {
            let Some(derivative) = self.derivative(direction, upstream) else { continue };
            let derivative = self.recorded(direction, upstream, derivative);
            let of_input = self.inputs.get(direction).unwrap_or(&self.dy).shared_shape();
            sink.put(direction, sum_to(&derivative, &of_input));
        }
    }
}

impl<T: Real, Q: KeptConstants, D, const N: usize, const K: usize> BackwardCall<T, Q, D, N, K>
where
    D: for<'k> Fn(Backward<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N] + Copy + Sync + 'static,
{
    /// The derivative of the gradients in one direction, weighted by what is upstream of each.
    fn derivative(&self, direction: usize, upstream: [&Tensor<T>; N]) -> Option<Tensor<T>> {
        let f = Directed::<D, T, Q, K> {
            direction,
            wanted: self.wanted,
            gradient: &self.gradient,
            scalars: self.scalars,
            constants: self.constants.seen(),
            calls: self.calls,
        };
        let [derivative] =
            computed(&f, &self.dy.shared_shape(), (self.inputs.each_ref(), [&self.dy], upstream), u64::MAX);
        derivative
    }

    /// A derivative in one direction, which tapes see to be linear in what is upstream.
    fn recorded(&self, direction: usize, upstream: [&Tensor<T>; N], derivative: Tensor<T>) -> Tensor<T> {
        let mut members = members(&self.inputs, &self.dy);
        members.extend(upstream.iter().map(|upstream| upstream.member()));
        record(self.origin, &members, &[&derivative], || Rc::new(SecondCall { call: self.clone(), direction }));
        derivative
    }

    fn underived(&self) -> Underived {
        Underived { origin: self.origin, order: "third", reason: THIRD }
    }
}

/// What a tape keeps of a second derivative: of the inputs, `dy` and what was upstream of the gradients. Forward mode
/// transposes it by the last; by the others it has no derivative.
struct SecondCall<T, Q, D, const N: usize, const K: usize> {
    call: BackwardCall<T, Q, D, N, K>,
    direction: usize,
}

impl<T: Real, Q: KeptConstants, D, const N: usize, const K: usize> tape::Backward for SecondCall<T, Q, D, N, K>
where
    D: for<'k> Fn(Backward<Dual<T>>, [Dual<T>; N], [Dual<T>; K], Q::Seen<'k>) -> [Dual<T>; N] + Copy + Sync + 'static,
{
    fn origin(&self) -> Origin {
        self.call.origin
    }

    fn parameter(&self, position: usize) -> String {
        self.call.parameter(position)
    }

    fn fill(&self, upstream: &mut Filling<'_>) {
        upstream.next::<T>();
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        let SecondCall { call, direction } = self;
        if (0..=N).any(|k| sink.needs(k)) {
            return call.underived().run(upstream, sink);
        }
        let Some(given) = upstream.gradients[0].as_ref().and_then(Erased::get) else { return };
        let zero = Tensor::scalar(T::NOTHING);
        for k in (0..N).filter(|k| sink.needs(N + 1 + k)).collect::<SmallVec<[usize; 4]>>() {
            let alone = array::from_fn(|other| if other == k { given } else { &zero });
            let Some(gradient) = call.derivative(*direction, alone) else { continue };
            let mut members = members(&call.inputs, &call.dy);
            members.push(given.member());
            sink.put(N + 1 + k, call.underived().mark(&members, gradient));
        }
    }
}
