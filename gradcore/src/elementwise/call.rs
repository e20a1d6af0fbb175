//! A call as its backward loop sees it.

use super::constants::ResidualConstants;
use super::loops::computed;
use super::mode::ForGradients;
use crate::element::Real;
use crate::kernels::elementwise::kept_or_given;
use crate::kernels::fused::Function;
use crate::ops::sum_to;
use crate::recording::call_site::CallSite;
use crate::recording::node::{ProbeOutputs, Sink, Upstream};
use crate::recording::{node, recorder};
use crate::tensor::{Erased, Tensor};

/// The gradients of a function, element by element. `CHOICES` says whether there are zeros of choice upstream.
struct Derived<'a, B, T, Q: ResidualConstants + 'a, const K: usize, const CHOICES: bool> {
    f: &'a B,
    scalars: [T; K],
    constants: Q::Seen<'a>,
    calls: bool,
}

impl<'a, B, T: Real, Q: ResidualConstants, const N: usize, const K: usize, const CHOICES: bool> Function<T, N, 1, 0, N>
    for Derived<'a, B, T, Q, K, CHOICES>
where
    B: Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'a>) -> [T; N] + Sync,
{
    #[inline(always)]
    fn at(&self, wanted: u64, x: [T; N], [upstream]: [T; 1], _: [T; 0]) -> [T; N] {
        let seen = if CHOICES { upstream.without_choice() } else { upstream };
        let gradients = (self.f)(ForGradients::of(seen, wanted), x, self.scalars, self.constants);
        if CHOICES { gradients.map(|gradient| kept_or_given(upstream, gradient)) } else { gradients }
    }

    fn calls(&self) -> bool {
        self.calls
    }
}

/// The gradients of one element.
pub trait ElementRule<T: Real, Q: ResidualConstants, const N: usize, const K: usize>:
    for<'k> Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static
{
}
impl<F, T: Real, Q: ResidualConstants, const N: usize, const K: usize> ElementRule<T, Q, N, K> for F where
    F: for<'k> Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static
{
}

/// What a tape keeps of a call.
#[derive(Clone)]
pub struct ElementCall<T, Q, B, S, const N: usize, const K: usize> {
    pub(super) site: CallSite,
    pub(super) inputs: [Tensor<T>; N],
    pub(super) scalars: [T; K],
    pub(super) constants: Q,
    pub(super) backward: B,
    pub(super) second: S,
    /// Whether the body calls functions that are no instructions.
    pub(super) calls: bool,
    /// The inputs to which no gradient flows, whatever they are: bit `k` for the `k`th.
    pub(super) stops: u64,
}

impl<T: Real, Q: ResidualConstants, B, S, const N: usize, const K: usize> ElementCall<T, Q, B, S, N, K>
where
    B: for<'k> Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static,
    S: Second<T, Q, N, K>,
{
    /// The gradients before they are summed to the shapes of the inputs, recorded.
    fn gradients(&self, dy: &Tensor<T>, wanted: u64) -> [Option<Tensor<T>>; N] {
        let (scalars, calls) = (self.scalars, self.calls);
        let (inputs, constants, rule) = (self.inputs.each_ref(), self.constants.seen(), self.site.rule);
        let (shape, f) = (dy.shared_shape(), &self.backward);
        let gradients = match dy.role().has_choices() {
            true => {
                let f = Derived::<B, T, Q, K, true> { f, scalars, constants, calls };
                computed(rule, &f, &shape, (inputs, [dy], []), wanted)
            }
            false => {
                let f = Derived::<B, T, Q, K, false> { f, scalars, constants, calls };
                computed(rule, &f, &shape, (inputs, [dy], []), wanted)
            }
        }
        .map(|gradient| gradient.map(|gradient| gradient.with_role(dy.role())));
        match recorder::is_idle() {
            true => gradients,
            false => self.second.record(self, dy, wanted, gradients),
        }
    }
}

impl<T: Real, Q: ResidualConstants, B, S, const N: usize, const K: usize> node::Backward
    for ElementCall<T, Q, B, S, N, K>
where
    B: for<'k> Fn(ForGradients<T>, [T; N], [T; K], Q::Seen<'k>) -> [T; N] + Copy + Sync + 'static,
    S: Second<T, Q, N, K>,
{
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        (*self.site.rule.parameters.get(position).unwrap_or(&"?")).to_owned()
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        outputs.next::<T>();
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

/// Whether a function has a second derivative.
pub trait Second<T: Real, Q: ResidualConstants, const N: usize, const K: usize>: Copy + 'static {
    /// Records the gradients in `wanted`, which a call has computed from its inputs and `dy`.
    #[doc(hidden)]
    fn record<B: ElementRule<T, Q, N, K>>(
        self,
        call: &ElementCall<T, Q, B, Self, N, K>,
        dy: &Tensor<T>,
        wanted: u64,
        gradients: [Option<Tensor<T>>; N],
    ) -> [Option<Tensor<T>>; N];
}
