//! Rules whose body runs again when a tape asks for their gradient.
//!
//! Up to its exit: what the value in the pair costs, often the last operation of the body, is not spent a second time. So
//! unlike those of `recompute_grad` the two runs cannot be compared by their values.

use std::marker::PhantomData;

use super::gradient::{Given, InputGradients};
use super::output::{OutputValue, Outputs};
use super::{Call, Prepared};
use crate::random::{Replay, State};
use crate::recording::call_site::CallSite;
use crate::recording::recorder::Begun;

/// What makes a body run again as it ran first.
pub struct Rerun<W> {
    site: CallSite,
    inputs: u64,
    /// The random numbers of the first run.
    random: State,
    wanted: PhantomData<fn() -> W>,
}

impl<W> Call<W> {
    /// What makes the body, which is about to run, run again.
    #[must_use]
    pub fn rerun(&self) -> Rerun<W> {
        Rerun { site: self.site, inputs: self.inputs, random: State::now(), wanted: PhantomData }
    }

    /// The value of an exit in the first run.
    #[allow(clippy::unused_self, reason = "exits are written alike")]
    pub fn value<O: Outputs>(&self, value: impl OutputValue<O>) -> O {
        value.into_output()
    }

    /// Ends the first run, where it came to a value.
    #[track_caller]
    pub fn end<O: Outputs, R: Returned<O>>(self, returned: R, backward: Prepared<O>) -> R {
        returned.map_value(|value| self.exit::<O>(value, backward))
    }

    /// Gives the rule of the second run its type, as [`backward`](Self::backward).
    #[allow(clippy::unused_self, reason = "the call tells the dtypes")]
    pub fn rule<O: Outputs, B>(&self, rule: B) -> B
    where
        B: for<'a, 'p> Fn(O::Upstream<'a>, InputGradients<'a, 'p, W>) -> Given,
    {
        rule
    }

    /// An exit of the second run: its rule runs, with random numbers of its own.
    #[allow(clippy::unused_self, reason = "the call of the second run ends here")]
    pub fn again<'s, O: Outputs, B>(
        self,
        replay: Replay,
        rule: B,
        upstream: O::Upstream<'s>,
        sink: InputGradients<'s, '_, W>,
    ) -> Given
    where
        B: for<'a, 'p> Fn(O::Upstream<'a>, InputGradients<'a, 'p, W>) -> Given,
    {
        drop(replay);
        rule(upstream, sink)
    }
}

impl<W> Rerun<W> {
    /// Begins the second run. Everything that its rule captures is kept until that has run.
    #[must_use]
    pub fn start(&self) -> (Call<W>, Replay) {
        let begun = Begun { watched: !0, ..Begun::default() };
        let call = Call { site: self.site, inputs: self.inputs, begun, sizes: None, wanted: PhantomData };
        (call, Replay::of(&self.random))
    }

    /// Ends the second run.
    ///
    /// # Panics
    /// Panics if the body returned an error, which it did not the first time.
    pub fn end(&self, outcome: impl SecondRun) -> Given {
        let CallSite { rule, .. } = self.site;
        outcome.given().unwrap_or_else(|| {
            panic!("{rule} returned an error when it ran again for its gradient, and had returned none before")
        })
    }
}

/// What a function returns: its outputs, or these in a `Result`.
pub trait Returned<O> {
    /// Replaces the outputs.
    #[must_use]
    fn map_value(self, replace: impl FnOnce(O) -> O) -> Self;
}
impl<O: Outputs> Returned<O> for O {
    fn map_value(self, replace: impl FnOnce(O) -> O) -> Self {
        replace(self)
    }
}
impl<O, E> Returned<O> for Result<O, E> {
    fn map_value(self, replace: impl FnOnce(O) -> O) -> Self {
        self.map(replace)
    }
}

/// What the second run came to.
pub trait SecondRun {
    /// That the gradients are given, unless the body returned an error.
    fn given(self) -> Option<Given>;
}
impl SecondRun for Given {
    fn given(self) -> Option<Given> {
        Some(self)
    }
}
impl<E> SecondRun for Result<Given, E> {
    fn given(self) -> Option<Given> {
        self.ok()
    }
}
