//! What a person asks of a tape when something is wrong: where the first NaN comes from, what is kept alive, what the
//! graph looks like.
//!
//! A tape that is asked to takes notes of the calls that it records. They stand beside each call's backward function, in
//! a [`Noted`], and go with it.

mod graph;
pub(super) mod numerics;
mod saved;

use std::rc::Rc;

use super::node::{Backward, Filling, Origin, Upstream};
use super::record::{Member, Output};
use super::{GradientTape, PersistentTape, Recording, Sink, recorder};
use crate::error::BadNumber;
use numerics::BadInput;
pub(crate) use saved::NotedValue;
pub use saved::{Saved, SavedKind, SavedValue};

impl GradientTape {
    /// With `true`, the tape looks for numbers that are not finite (TensorFlow's `enable_check_numerics`): in the outputs
    /// of the calls that it records from now on, and in the gradients that each rule gives. The first that the target
    /// depends on, or that turns up in the backward pass, makes [`gradient`](Self::gradient) return
    /// [`Error::NotFinite`](crate::Error::NotFinite), which says who made it, from where that was called, and whether
    /// what went in was finite.
    ///
    /// A number that is masked later, as in `tf::where_(x > 0, tf::log(x), 0)`, is found as well. Everything that is
    /// recorded is read once more, so this is for looking, not for training.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([2.0, 1.0, 0.0]);
    /// let tape = GradientTape::new().check_numerics(true);
    /// tape.watch(&x);
    /// let y = tf::reduce_sum(tf::log(&x) * 2.0, ..);
    /// let error = tape.gradient(&y, &x).unwrap_err().to_string();
    /// assert!(error.starts_with("`log` (gradcore/src/ops/math.rs:"));
    /// assert!(error.ends_with(
    ///     "made the first number that is not finite: -inf at [2] in its output; its inputs were finite"
    /// ));
    /// ```
    #[must_use]
    pub fn check_numerics(self, check: bool) -> Self {
        self.0.change_aids(|aids| aids.check_numerics = check);
        self
    }

    /// With `true`, the tape notes what it keeps of the calls that it records from now on, for [`saved`](Self::saved). To
    /// be looked at, each value is cloned once more than it is kept; a clone of a tensor is a handle.
    #[must_use]
    pub fn note_saved(self, note: bool) -> Self {
        self.0.change_aids(|aids| aids.note_saved = note);
        self
    }
}

impl PersistentTape {
    /// As [`GradientTape::check_numerics`].
    #[must_use]
    pub fn check_numerics(self, check: bool) -> Self {
        self.0.change_aids(|aids| aids.check_numerics = check);
        self
    }

    /// As [`GradientTape::note_saved`].
    #[must_use]
    pub fn note_saved(self, note: bool) -> Self {
        self.0.change_aids(|aids| aids.note_saved = note);
        self
    }
}

impl Recording {
    fn change_aids(&self, change: impl FnOnce(&mut Aids)) {
        self.record.borrow_mut().change_aids(change);
        recorder::ask_for_notes();
    }
}

/// What a tape does for debugging.
#[derive(Clone, Copy, Default)]
pub(crate) struct Aids {
    /// Whether it looks for numbers that are not finite.
    pub(crate) check_numerics: bool,
    /// Whether it notes what it keeps.
    pub(crate) note_saved: bool,
}

impl Aids {
    pub(super) const NONE: Self = Aids { check_numerics: false, note_saved: false };

    /// What two tapes do.
    pub(super) fn and(self, other: Self) -> Self {
        Aids {
            check_numerics: self.check_numerics || other.check_numerics,
            note_saved: self.note_saved || other.note_saved,
        }
    }

    #[inline]
    pub(super) fn is_any(self) -> bool {
        self.check_numerics || self.note_saved
    }
}

/// What is noted of a call.
pub(crate) struct Notes {
    /// What its backward function keeps, if that is noted.
    saved: Option<Vec<NotedValue>>,
    /// The inputs that are not finite.
    inputs: Vec<BadNumber>,
    /// The first output that is not finite.
    output: Option<BadNumber>,
}

/// A backward function with notes.
struct Noted {
    backward: Rc<dyn Backward>,
    notes: Notes,
}

impl Backward for Noted {
    fn origin(&self) -> Origin {
        self.backward.origin()
    }
    fn parameter(&self, position: usize) -> String {
        self.backward.parameter(position)
    }
    fn fill(&self, upstream: &mut Filling<'_>) {
        self.backward.fill(upstream);
    }
    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        self.backward.run(upstream, sink);
    }
    fn stops(&self, position: usize) -> bool {
        self.backward.stops(position)
    }
    fn notes(&self) -> Option<&Notes> {
        Some(&self.notes)
    }
}

/// The notes on calls whose bodies are running, if a tape asks for any; each with the depth of the call. A call that no
/// tape sees has none, and depth 0.
pub(super) struct Notebook {
    inputs: Vec<(u32, BadInput)>,
    kept: Vec<(u32, NotedValue)>,
}

impl Notebook {
    pub(super) const fn new() -> Self {
        Notebook { inputs: Vec::new(), kept: Vec::new() }
    }

    /// Notes which arguments of a call that begins are not finite.
    pub(super) fn look_at(&mut self, depth: u32, inputs: &[Member<'_>], known: &[Member<'_>]) {
        if depth != 0 {
            self.inputs.extend(numerics::bad_inputs(inputs, known).map(|bad| (depth, bad)));
        }
    }

    /// Notes what a backward function keeps.
    pub(super) fn keep(&mut self, depth: u32, kept: impl IntoIterator<Item = NotedValue>) {
        if depth != 0 {
            self.kept.extend(kept.into_iter().map(|kept| (depth, kept)));
        }
    }

    /// The backward function of a call that ends, with the notes on it; without one they are forgotten.
    pub(super) fn noted(
        &mut self,
        asked: Aids,
        depth: u32,
        outputs: &[Output<'_>],
        backward: Option<Rc<dyn Backward>>,
    ) -> Option<Rc<dyn Backward>> {
        if depth == 0 {
            return backward;
        }
        let (inputs, mut kept) = (taken(&mut self.inputs, depth), taken(&mut self.kept, depth));
        kept.sort_by_key(NotedValue::is_opaque);
        let backward = backward?;
        let notes = Notes {
            inputs: inputs.into_iter().map(|bad| bad.named(&*backward)).collect(),
            saved: asked.note_saved.then_some(kept),
            output: if asked.check_numerics { numerics::bad_output(outputs) } else { None },
        };
        Some(Rc::new(Noted { backward, notes }))
    }

    /// Forgets a call that has not come to an end, and those inside it.
    pub(super) fn forget(&mut self, depth: u32) {
        self.inputs.retain(|(of, _)| *of < depth);
        self.kept.retain(|(of, _)| *of < depth);
    }
}

/// Takes the notes on the call at a depth, with those that calls inside it have left.
fn taken<N>(notes: &mut Vec<(u32, N)>, depth: u32) -> Vec<N> {
    let first = notes.iter().position(|(of, _)| *of >= depth).unwrap_or(notes.len());
    notes.drain(first..).filter(|(of, _)| *of == depth).map(|(_, note)| note).collect()
}
