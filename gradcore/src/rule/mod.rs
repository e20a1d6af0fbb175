//! The contract that generated code talks to: which parameters are inputs, what a rule keeps, what it returns.
//!
//! `#[custom_gradient]` turns a function into this (the names in the expansion are those of [`crate::__private`]):
//!
//! 1. [`enter`] with the [`Rule`] and the inputs gives a [`Call`]; the body runs.
//! 2. What `grad` uses is kept, for the gradients that need it and only if a tape watches their inputs.
//! 3. [`Call::exit`] takes the pair of value and backward function, and records the call.

pub(crate) mod arrays;
mod capture;
mod closure;
mod gradient;
mod held;
mod input;
mod not_implemented;
mod output;
mod recompute;
mod shared;
pub(crate) mod underived;
mod written;

use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use crate::recording::call_site::{CallSite, Rule};
use crate::recording::node::{Backward, ProbeOutputs, Upstream};
use crate::recording::notes::NotedValue;
use crate::recording::positions::LAST_BIT;
use crate::recording::recorder;
use crate::recording::recorder::Begun;
use crate::recording::tensor_ref::{Output, TensorRef};

pub(crate) use capture::Snapshot;
pub use capture::{Capture, KeepList, KeepOption, KeepReference, KeepValue};
pub use closure::{Own, OwnClone, OwnReference, lent_again};
use gradient::InputGradients;
pub use gradient::{Failure, Given, NoGradient, none};
pub use held::hold;
pub(crate) use input::Argument;
use input::{AtLeastOne, CallInputs, SeenTensors};
pub use input::{Captured, Constant, Input, Nondiff, Probe, ProbeConstant, ProbeInput, ProbeInteger};
pub use not_implemented::NotImplemented;
use output::OutputValue;
pub(crate) use output::Outputs;
pub use shared::{SeeShared, Shared};
pub use written::{Written, WrittenCell, WrittenElsewhere};

/// How many tensors each input is, where some are lists: a thin pointer, because it is in every call.
#[allow(clippy::box_collection)]
type Sizes = Option<Box<Vec<u32>>>;

/// A call of a rule whose body is running.
pub struct Call<W> {
    site: CallSite,
    /// Which parameters are inputs: bit `k` for the `k`th.
    inputs: u64,
    begun: Begun,
    /// Where there are lists among the inputs and a tape records, how many tensors each input is.
    sizes: Sizes,
    /// What the gradients are made of, as nested pairs.
    wanted: PhantomData<fn() -> W>,
}

/// Begins a call.
///
/// # Panics
/// Panics if it stands in the body of another rule and a watched argument is no input of that rule.
#[track_caller]
#[inline]
pub fn enter<I: CallInputs>(rule: &'static Rule, inputs: I) -> Call<I::Wanted>
where
    I::Wanted: AtLeastOne,
{
    let (mut begun, mut sizes) = (Begun::default(), None);
    if !recorder::is_idle() {
        let mut seen = SeenTensors::default();
        inputs.tensor_refs(&mut seen, I::HAS_LISTS);
        for known in &seen.known {
            recorder::aside::note_cut(rule, known.identity);
        }
        begun = match rule.is_leaf {
            true => recorder::begin_leaf(rule, &seen.inputs),
            false => recorder::begin(rule, &seen.inputs, &seen.known),
        };
        if let Some(rare) = seen.rare {
            recorder::aside::name_captures(begun, &rare.captured);
            if I::HAS_LISTS {
                begun.watched = watched_inputs(begun.watched, &rare.sizes);
                sizes = Some(Box::new(rare.sizes));
            }
        }
    }
    Call { site: CallSite { rule, called: Location::caller() }, inputs: I::INPUTS, begun, sizes, wanted: PhantomData }
}

/// Of which inputs a tape watches a tensor: bit `k` for the `k`th, given that of each tensor.
fn watched_inputs(tensors: u64, sizes: &[u32]) -> u64 {
    let mut first = 0;
    let mut watched = 0;
    for (input, size) in sizes.iter().enumerate() {
        let is_watched = (first..first + size).any(|tensor| tensors >> tensor.min(LAST_BIT) & 1 != 0);
        watched |= u64::from(is_watched) << input;
        first += size;
    }
    watched
}

impl<W> Call<W> {
    /// The same call, from another place.
    pub(crate) fn called_at(mut self, called: &'static Location<'static>) -> Self {
        self.site.called = called;
        self
    }

    /// Whether a tape watches one of the inputs in `positions`: bit `k` for the `k`th input.
    #[inline]
    pub(crate) fn watches(&self, positions: u64) -> bool {
        self.begun.watched & positions != 0
    }

    /// Whether a tape watches an input: only then a backward function is made.
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.watches(!0)
    }

    /// Notes what `grad` keeps, if a tape asks for that.
    #[inline]
    fn note_residuals<I: IntoIterator<Item = NotedValue>>(&self, kept: impl FnOnce() -> I) {
        #[cold]
        #[inline(never)]
        fn note<I: IntoIterator<Item = NotedValue>>(begun: Begun, kept: impl FnOnce() -> I) {
            recorder::note_residuals(begun, kept());
        }
        if recorder::notes_saved() {
            note(self.begun, kept);
        }
    }

    /// In place of a backward function that nobody would run.
    #[inline]
    #[allow(clippy::unused_self, reason = "calls are written alike")]
    pub fn unwatched<O: Outputs>(&self) -> Prepared<O> {
        Prepared(None, PhantomData)
    }

    /// The backward function: from the upstream gradients of the outputs `O` to gradients of dtypes `W`.
    #[inline]
    pub fn backward<O: Outputs + 'static, B>(&self, backward: B) -> Prepared<O>
    where
        B: for<'a, 'p> Fn(O::Upstream<'a>, InputGradients<'a, 'p, W>) -> Given + 'static,
        W: 'static,
    {
        let (site, inputs, sizes) = (self.site, self.inputs, self.sizes.clone());
        let signature = PhantomData::<fn() -> (O, W)>;
        Prepared(Some(Rc::new(Recorded { site, inputs, sizes, backward, signature })), PhantomData)
    }

    /// Ends the call: the caller's value, recorded with its backward function where a tape watches an input.
    ///
    /// # Panics
    /// Panics if the value is itself a tensor that a tape watches, and no input.
    #[inline]
    #[track_caller]
    pub fn exit<O: Outputs>(self, value: impl OutputValue<O>, backward: Prepared<O>) -> O {
        let mut value = value.into_output();
        if self.begun.depth != 0 {
            return self.recorded(&value, backward);
        }
        value.renew();
        value
    }

    /// Apart from [`exit`](Self::exit), which is inlined and all there is to do where no tape records.
    #[inline(never)]
    #[track_caller]
    fn recorded<O: Outputs>(mut self, value: &O, backward: Prepared<O>) -> O {
        let mut renewed = value.clone();
        renewed.renew();
        record(&mut self.begun, &value.described(&renewed), backward.0);
        renewed
    }
}

/// The backward function of a call with outputs `O`, if a tape watches an input.
pub struct Prepared<O>(Option<Rc<dyn Backward>>, PhantomData<fn() -> O>);

/// Ends the call whose body has begun. It is the same for every rule, and so compiled once.
#[track_caller]
fn record(begun: &mut Begun, outputs: &[Output<'_>], recorded: Option<Rc<dyn Backward>>) {
    for output in outputs.iter().filter(|output| !output.inside.is_computed()) {
        recorder::expect_input(TensorRef { identity: output.inside, seen: output.value }, None);
    }
    recorder::finish_with(std::mem::take(begun), outputs, recorded);
}

impl<W> Drop for Call<W> {
    fn drop(&mut self) {
        if self.begun.depth != 0 {
            recorder::abandon(self.begun.depth);
        }
    }
}

/// What a tape keeps of a call.
struct Recorded<O, W, B> {
    site: CallSite,
    inputs: u64,
    sizes: Sizes,
    backward: B,
    signature: PhantomData<fn() -> (O, W)>,
}

impl<O: Outputs, W, B> Backward for Recorded<O, W, B>
where
    B: for<'a, 'p> Fn(O::Upstream<'a>, InputGradients<'a, 'p, W>) -> Given,
{
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        let (input, element) = input_at(position, self.sizes.as_deref().map(Vec::as_slice));
        let is_input = |parameter: &usize| self.inputs >> parameter & 1 != 0;
        let parameter = (0..64).filter(is_input).nth(input);
        let name = parameter.and_then(|parameter| self.site.rule.parameters.get(parameter)).unwrap_or(&"?");
        element.map_or_else(|| (*name).to_owned(), |element| format!("{name}[{element}]"))
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        O::probe_outputs(outputs);
    }

    fn stops(&self, position: usize) -> bool {
        let (input, _) = input_at(position, self.sizes.as_deref().map(Vec::as_slice));
        self.site.rule.stops.checked_shr(u32::try_from(input).unwrap_or(u32::MAX)).is_some_and(|rest| rest & 1 != 0)
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut crate::recording::node::Sink<'_>) {
        (self.backward)(O::upstream(upstream), InputGradients::new(sink, self.sizes.as_deref()));
    }
}

/// The input that the tensor at `position` belongs to, and its place in that, if it is a list.
fn input_at(position: usize, sizes: Option<&[u32]>) -> (usize, Option<usize>) {
    let mut rest = position;
    for (input, size) in sizes.into_iter().flatten().enumerate() {
        match rest.checked_sub(*size as usize) {
            Some(after) => rest = after,
            None => return (input, (*size > 1).then_some(rest)),
        }
    }
    (position, None)
}
