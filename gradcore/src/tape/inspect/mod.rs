//! What a person asks of a tape when something is wrong: where the first NaN comes from, what is kept alive, what the
//! graph looks like.
//!
//! A tape that is asked to takes notes of the calls that it records.

mod graph;
mod saved;

use super::GradientTape;
use crate::recording::notes::Aids;
use crate::recording::recorder;

pub use saved::{Saved, SavedKind, SavedValue};

impl<K> GradientTape<K> {
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
        self.change_aids(|aids| aids.check_numerics = check);
        self
    }

    /// With `true`, the tape notes what it keeps of the calls that it records from now on, for [`saved`](Self::saved). To
    /// be looked at, each value is cloned once more than it is kept; a clone of a tensor is a handle.
    #[must_use]
    pub fn note_saved(self, note: bool) -> Self {
        self.change_aids(|aids| aids.note_saved = note);
        self
    }

    fn change_aids(&self, change: impl FnOnce(&mut Aids)) {
        self.0.record.borrow_mut().change_aids(change);
        recorder::ask_for_notes();
    }
}
