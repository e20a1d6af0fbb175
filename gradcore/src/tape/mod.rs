//! The gradient tape: records calls of rules, and runs their backward functions from a target to its sources.
//!
//! * `query` finds targets and sources and explains what is missing, `structure` are the structures that these may have,
//!   `options` what Python passes by keyword; `jacobian` and `batch_jacobian` run many passes, `hooks` stop on the way.
//! * Forward mode: an `accumulator` computes tangents as calls are made, a `trace` is a finished record of a function, for
//!   the forms of [`functional`](crate::functional).
//! * `inspect` are the debugging aids.
//!
//! How calls are recorded and run is in `recording`.

mod accumulator;
mod batch_jacobian;
mod hooks;
mod independent_rows;
mod inspect;
mod jacobian;
mod options;
mod query;
mod structure;
mod trace;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::{Rc, Weak};

use crate::error::Error;
use crate::recording::record::{Record, Settings, copy_list, take_list};
use crate::recording::recorder;
use crate::recording::recorder::pause::Paused;
use crate::recording::running::Recording;
use crate::tensor::Identity;

pub use crate::recording::record::WatchedVariable;
pub use accumulator::{ForwardAccumulator, TangentsOf};
pub use hooks::HookResult;
pub use inspect::{Saved, SavedKind, SavedValue};
pub use options::{Fits, GradientOptions, Like, Ones, UnconnectedGradients, output_gradients, unconnected_gradients};
pub use structure::{Differentiable, OneTensor};
pub(crate) use structure::{Found, Leaf, Visitor};
pub(crate) use trace::Trace;

/// A tape for one gradient (TensorFlow's `GradientTape`). It records from [`GradientTape::new`] until
/// [`gradient`](Self::gradient) consumes it or it is dropped, on the thread that made it.
///
/// ```
/// use gradcore::prelude::*;
///
/// let x = tf::constant([1.0f32, 2.0]);
/// let tape = GradientTape::new();
/// tape.watch(&x);
/// let y = &x * &x;
/// assert_eq!(tape.gradient(&y, &x)?.to_vec(), [2.0, 4.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// A second use is a compile error:
///
/// ```compile_fail,E0382
/// # use gradcore::prelude::*;
/// # let x = tf::constant(1.0f32);
/// let tape = GradientTape::new();
/// tape.watch(&x);
/// let y = &x * &x;
/// let first = tape.gradient(&y, &x)?;
/// let second = tape.gradient(&y, &x)?; // use `GradientTape::persistent()`
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct GradientTape<K = Once>(Recording, PhantomData<K>);

/// A tape for any number of gradients, made by [`GradientTape::persistent`]. It records, its own gradients included,
/// until it is dropped.
///
/// ```
/// use gradcore::prelude::*;
///
/// let x = tf::constant(2.0f32);
/// let tape = GradientTape::persistent();
/// tape.watch(&x);
/// let y = &x * &x * &x;
/// let first = tape.gradient(&y, &x)?;
/// let second = tape.gradient(&first, &x)?;
/// assert_eq!((first.item(), second.item()), (12.0, 12.0));
/// # Ok::<(), Error>(())
/// ```
pub type PersistentTape = GradientTape<Persistent>;

/// The kind of a tape for one gradient.
#[derive(Debug)]
pub struct Once(());

/// The kind of a tape for any number of gradients.
#[derive(Debug)]
pub struct Persistent(());

impl<K> GradientTape<K> {
    fn start(settings: Settings) -> Self {
        GradientTape(Recording::start(settings), PhantomData)
    }
}

/// While it lives, a tape does not record: made by [`GradientTape::stop_recording`].
#[must_use = "the tape records again when this is dropped; bind it, as in `let _stopped = tape.stop_recording();`"]
pub struct StoppedRecording {
    _paused: Paused,
    record: Weak<RefCell<Record>>,
    began: u64,
}

impl Drop for StoppedRecording {
    fn drop(&mut self) {
        if let Some(record) = self.record.upgrade() {
            let pauses = &mut record.borrow_mut().pauses;
            let own = pauses.iter_mut().rev().find(|pause| pause.start == self.began && pause.end == u64::MAX);
            own.into_iter().for_each(|pause| pause.end = Identity::upcoming());
        }
    }
}

impl GradientTape<Once> {
    /// Starts a tape for one gradient.
    #[allow(clippy::new_without_default, reason = "starting to record is no default value")]
    #[must_use = "a tape stops recording when it is dropped"]
    pub fn new() -> Self {
        Self::start(Settings { watch_variables: true, ..Settings::default() })
    }
}

impl GradientTape<Persistent> {
    /// Starts a tape for any number of gradients (TensorFlow's `persistent=True`).
    #[must_use = "a tape stops recording when it is dropped"]
    pub fn persistent() -> Self {
        Self::start(Settings { persistent: true, watch_variables: true, ..Settings::default() })
    }
}

impl<K> GradientTape<K> {
    /// With `false`, variables are not watched by themselves.
    #[must_use]
    pub fn watch_accessed_variables(self, watch: bool) -> Self {
        self.0.record.borrow_mut().settings.watch_variables = watch;
        self
    }

    /// Watches tensors and variables from now on; uses before are not recorded.
    pub fn watch(&self, tensors: impl Differentiable) {
        structure::watch(&self.0.record, &tensors);
    }

    /// Forgets what was recorded and watched, and goes on recording. What was computed before is constant to this tape;
    /// a variable is watched again when it is next read.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let w: Variable = Variable::new(3.0);
    /// let tape = GradientTape::new();
    /// let y = &w * &w;
    /// tape.reset();
    /// let z = &y * &w; // y is 9
    /// assert_eq!(tape.gradient(&z, &w)?.item(), 9.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn reset(&self) {
        // What nodes keep may run code of the user's when it is dropped, so that happens when nothing is borrowed.
        recorder::forget_slots(self.0.serial);
        let settings = self.0.record.borrow().settings;
        drop(self.0.record.replace(Record::new(settings)));
    }

    /// Stops this tape, and no other, until the guard is dropped: what is computed meanwhile is constant to it.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant(3.0f32);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let y = {
    ///     let _stopped = tape.stop_recording();
    ///     &x * &x
    /// };
    /// assert_eq!(tape.gradient(&x * &y, &x)?.item(), 9.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn stop_recording(&self) -> StoppedRecording {
        let began = Identity::upcoming();
        self.0.record.borrow_mut().pauses.push(began..u64::MAX);
        StoppedRecording {
            _paused: Paused::these(self.0.serial..self.0.serial + 1),
            record: Rc::downgrade(&self.0.record),
            began,
        }
    }

    /// The trainable variables that this tape watches, in the order in which they were made.
    #[must_use]
    pub fn watched_variables(&self) -> Vec<WatchedVariable> {
        self.0.record.borrow().watched_variables()
    }
}

impl GradientTape<Once> {
    /// The gradients of `target` with respect to `sources`, in the structure of the sources. Of a target with
    /// several elements, or of several targets, it is the gradient of their sum.
    ///
    /// # Errors
    /// [`Error::Unconnected`] with the reason if no gradient exists for a source; [`Error::GradientShape`] if a rule
    /// returned a gradient of another shape than its input's.
    // Who uses a tape twice sees the line of `self` in rustc's message, with its comment.
    pub fn gradient<S: Differentiable>(
        self, // for one gradient; `GradientTape::persistent()` gives any number
        target: impl Differentiable,
        sources: S,
    ) -> Result<S::Gradients, Error> {
        self.gradient_with(target, sources, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`gradient`](Self::gradient), with what Python passes by keyword: [`output_gradients`] or
    /// [`unconnected_gradients`], which chain.
    ///
    /// # Errors
    /// As for [`gradient`](Self::gradient), and [`Error::OutputGradientShape`] or [`Error::OutputGradientCount`] for
    /// output gradients that do not fit the targets.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([1.0f32, 2.0]);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let y = &x * &x;
    /// let dx = tape.gradient_with(&y, &x, output_gradients(tf::constant([1.0, 10.0])))?;
    /// assert_eq!(dx.to_vec(), [2.0, 40.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn gradient_with<Y: Differentiable, S: Differentiable, G: Fits<Y::Gradients>>(
        self, // for one gradient; `GradientTape::persistent()` gives any number
        target: Y,
        sources: S,
        options: GradientOptions<G>,
    ) -> Result<S::Gradients, Error> {
        recorder::stop(self.0.serial);
        let missing = options.unconnected.into();
        query::gradient(&self.0.record, take_list, &target, &sources, options.seeds.as_deref(), missing)
    }
}

impl GradientTape<Persistent> {
    /// The gradients of `target` with respect to `sources`, as [`GradientTape::gradient`]. They are recorded too, so
    /// that their own gradient can be asked for, and the tape grows with each; under
    /// [`stop_recording`](Self::stop_recording) they are not.
    ///
    /// # Errors
    /// As for [`GradientTape::gradient`]; the tape stays usable.
    pub fn gradient<S: Differentiable>(&self, target: impl Differentiable, sources: S) -> Result<S::Gradients, Error> {
        self.gradient_with(target, sources, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`GradientTape::gradient_with`].
    ///
    /// # Errors
    /// As for [`GradientTape::gradient_with`]; the tape stays usable.
    pub fn gradient_with<Y: Differentiable, S: Differentiable, G: Fits<Y::Gradients>>(
        &self,
        target: Y,
        sources: S,
        options: GradientOptions<G>,
    ) -> Result<S::Gradients, Error> {
        let missing = options.unconnected.into();
        query::gradient(&self.0.record, copy_list, &target, &sources, options.seeds.as_deref(), missing)
    }
}
