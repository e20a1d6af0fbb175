//! Functions that run again when their gradient is asked for.

use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use smallvec::SmallVec;

use crate::error::Error;
use crate::kernels::fingerprint::Fingerprint;
use crate::random::{Replay, State};
use crate::recording::call_site::{CallSite, Rule};
use crate::recording::nested_pass::NestedPass;
use crate::recording::node::{Backward, ProbeOutputs, Sink, Upstream};
use crate::recording::notes::NotedValue;
use crate::recording::recorder::discovery::Discovery;
use crate::recording::tensor_ref::{FoundInput, Output};
use crate::rule::{Outputs, Snapshot};
use crate::tensor::Erased;
use crate::tuples::for_each_tuple;

static RULE: Rule = Rule::new("recompute_grad", file!(), line!(), &[]);

/// `f`, of which a tape keeps the arguments and nothing in between: `f` runs again when the gradient is asked for.
///
/// `f` takes up to 8 references, and returns a tensor or a tuple of tensors. The types of a closure's parameters are
/// written out. What `f` computes is differentiated by the rules of its operations; the same random numbers are drawn
/// again. A gradient reaches the arguments, and tensors and variables that `f` captures, if a tape watches them.
///
/// An argument is kept as it was at the call: a variable may be assigned to before the gradient is asked for. A struct
/// with variables in it is passed, or captured, in an `Rc`. Besides that `f` must not depend on what changes between the
/// two runs, such as a counter: if an output is another the second time, by more than rounding, the gradient is
/// [`Error::RecomputedValues`]. In forward mode it runs three times.
///
/// A closure outlives the call, so it owns what it captures: `let w = w.clone(); move |x: &Tensor| …` for a variable, made
/// while the tape records, or an `Rc` of a layer, which is not assigned to until the gradient is there. To pass them as
/// arguments is simpler.
///
/// # Panics
/// The function panics in the body of a rule, if a tensor that `f` reads is watched and no input of that rule.
///
/// ```
/// use gradcore::prelude::*;
///
/// let g = tf::recompute_grad(|x: &Tensor, w: &Variable| tf::tanh(tf::matmul(x, w, ..)));
///
/// let (x, w) = (tf::constant([[1.0, 2.0]]), Variable::new([[0.5], [-0.25]]));
/// let tape = GradientTape::new();
/// let y = g(&x, &w);
/// assert_eq!(tape.gradient(&y, &w)?.to_vec(), [1.0, 2.0]);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn recompute_grad<'f, F: Recompute<'f, S>, S>(f: F) -> F::Recomputed {
    f.recomputed(Location::caller())
}

/// What [`recompute_grad`] takes: a function whose signature is `S`.
#[diagnostic::on_unimplemented(
    message = "`recompute_grad` cannot run `{Self}` again",
    label = "expected a function of references that returns a tensor or a tuple of tensors",
    note = "the types of a closure's parameters are written out, and functions of `tf` are called in a closure, as in `|x: &Tensor| tf::tanh(x)`"
)]
pub trait Recompute<'f, S> {
    /// The function, with the same signature.
    type Recomputed;
    #[doc(hidden)]
    fn recomputed(self, wrapped: &'static Location<'static>) -> Self::Recomputed;
}

macro_rules! functions {
    ($(($_index:tt $argument:ident $name:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<'f, Function, $($argument: Snapshot + ?Sized + 'f,)+ Output> Recompute<'f, fn($(&$argument),+) -> Output> for Function
        where
            Function: Fn($(&$argument),+) -> Output + 'static,
            Output: Outputs + 'static,
        {
            type Recomputed = Box<dyn Fn($(&$argument),+) -> Output + 'f>;
            fn recomputed(self, wrapped: &'static Location<'static>) -> Self::Recomputed {
                let f = Rc::new(self);
                Box::new(move |$($name),+| {
                    let again = || {
                        let (f, $($name),+) = (Rc::clone(&f), $($name.snapshot()),+);
                        move || f($($argument::seen(&$name)),+)
                    };
                    let residuals = || {
                        let arguments = [$(NotedValue::all_in(concat!("argument ", stringify!($name)), &$name.snapshot())),+];
                        arguments.into_iter().flatten().collect()
                    };
                    call(wrapped, || f($($name),+), again, residuals)
                })
            }
        }
    };
}
for_each_tuple! { functions 1..=8 }

/// Runs a function, and records how to run it again on the tapes that watch what it has read.
fn call<O: Outputs + 'static, A: Fn() -> O + 'static>(
    wrapped: &'static Location<'static>,
    first: impl FnOnce() -> O,
    again: impl FnOnce() -> A,
    residuals: impl FnOnce() -> Vec<NotedValue>,
) -> O {
    let Some(discovery) = Discovery::begin(&RULE) else { return first() };
    let random = State::now();
    let value = first();
    let mut renewed = value.clone();
    renewed.renew();
    let second_run = |inputs| {
        let site = CallSite { rule: &RULE, called: wrapped };
        let printed = value.described(&value).iter().map(fingerprint).collect();
        Rc::new(SecondRun { site, random, inputs, printed, again: again(), outputs: PhantomData }) as Rc<dyn Backward>
    };
    discovery.end(&value.described(&renewed), second_run, residuals);
    renewed
}

/// What is kept of an output through which a gradient flows.
fn fingerprint(output: &Output<'_>) -> Option<Fingerprint> {
    match output.value.erased() {
        Erased::F32(output) => Some(Fingerprint::of(output.values())),
        Erased::F64(output) => Some(Fingerprint::of(output.values())),
        _ => None,
    }
}

/// What a tape keeps of a call.
struct SecondRun<O, A> {
    site: CallSite,
    random: State,
    inputs: Vec<FoundInput>,
    /// What the outputs were in the first run.
    printed: SmallVec<[Option<Fingerprint>; 1]>,
    again: A,
    outputs: PhantomData<fn() -> O>,
}

impl<O: Outputs, A: Fn() -> O> Backward for SecondRun<O, A> {
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        let name = self.inputs[position].tensor_ref().seen.name();
        name.map_or_else(|| format!("input {position}"), |name| name.to_string())
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        O::probe_outputs(outputs);
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        let pass = NestedPass::of(&self.inputs);
        let outputs = {
            let _replay = Replay::of(&self.random);
            (self.again)()
        };
        let described = outputs.described(&outputs);
        for (output, (found, expected)) in described.iter().zip(upstream.shapes).enumerate() {
            if *expected != found.value.shape() {
                let (expected, found) = (expected.to_vec(), found.value.shape().to_vec());
                let wrapped = self.site.called;
                return sink.end(Error::RecomputedShape { output, expected, found, wrapped });
            }
        }
        let differs = |(first, output): (&Option<Fingerprint>, &Output<'_>)| matches!((first, fingerprint(output)), (Some(first), Some(second)) if !first.agrees_with(&second));
        if let Some(output) = self.printed.iter().zip(&described).position(differs) {
            return sink.end(Error::RecomputedValues { output, wrapped: self.site.called });
        }
        pass.give(&described, &upstream, sink);
    }
}
