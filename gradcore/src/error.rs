//! What can go wrong while a program runs, with the numbers a person needs to mend it.
//!
//! Operators and operations panic with the text of an [`Error`]; tapes, optimizers and conversions return it.

mod not_finite;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use not_finite::{BadNumber, BadValue, NotFinite, TensorOfCall};

/// An error of this crate. Its text names the function and the parameter, and says what was expected and found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two shapes that an element-wise operation cannot broadcast against each other.
    #[error(
        "`{operation}`: shapes {left:?} and {right:?} do not broadcast; each pair of sizes, counted from the last axis, must be equal or contain a 1"
    )]
    Broadcast {
        /// The operation.
        operation: &'static str,
        /// Shape of the first operand.
        left: Vec<usize>,
        /// Shape of the second operand.
        right: Vec<usize>,
    },
    /// An argument whose shape, size or value the operation cannot work with.
    #[error("`{operation}`: expected {expected}, found {found}")]
    Argument {
        /// The operation.
        operation: &'static str,
        /// What would have been accepted, naming the parameter.
        expected: String,
        /// What was passed.
        found: String,
    },
    /// Sizes of which no tensor can be.
    #[error(
        "`{operation}`: no tensor can have shape {shape:?}; its sizes, those of 0 left out, multiply to more than {}",
        isize::MAX
    )]
    Size {
        /// The operation.
        operation: &'static str,
        /// The sizes.
        shape: Vec<usize>,
    },
    /// Memory for the elements of a tensor that cannot be had.
    #[error("`{operation}`: no memory for a tensor of shape {shape:?}, {bytes} bytes")]
    Memory {
        /// The operation.
        operation: &'static str,
        /// Shape of the tensor.
        shape: Vec<usize>,
        /// What was asked for.
        bytes: u128,
    },
    /// An axis outside `-rank..rank`, or one named twice.
    #[error("`{operation}`: axis {axis} {problem} for a tensor of shape {shape:?}")]
    Axis {
        /// The operation.
        operation: &'static str,
        /// The axis as it was passed.
        axis: isize,
        /// `is out of range` or `is named twice`.
        problem: &'static str,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
    /// A rule returned a gradient whose shape is not that of the input.
    #[error("{0}")]
    GradientShape(Box<GradientShape>),
    /// A rule returned another number of gradients for a list than it has tensors.
    #[error(
        "`grad` returned {found} gradients for `{parameter}` of `{function}` ({defined}, called at {called}), expected {expected}, one for each of its tensors; `None` stands for one to which no gradient flows"
    )]
    GradientCount {
        /// The annotated function.
        function: &'static str,
        /// Its parameter.
        parameter: String,
        /// Number of tensors in the list.
        expected: usize,
        /// Number of gradients.
        found: usize,
        /// Where the function stands, `file:line`.
        defined: String,
        /// Where it was called.
        called: &'static Location<'static>,
    },
    /// A rule's `grad` returned an `Err`.
    #[error(transparent)]
    GradientFailed(Box<GradientFailure>),
    /// A tape that checks for it found a NaN or an infinity.
    #[error("{0}")]
    NotFinite(Box<NotFinite>),
    /// No gradient exists between a target and a source.
    #[error("no gradient of the target with respect to {source_name}: {reason}")]
    Unconnected {
        /// The source, by its place in the sources or by the name of its variable.
        source_name: String,
        /// Why there is none, and what to do.
        reason: Unconnected,
    },
    /// An output gradient that does not fit its target.
    #[error("`output_gradients`: expected shape {expected:?}, that of the target, or a scalar, found {found:?}")]
    OutputGradientShape {
        /// Shape of the target.
        expected: Vec<usize>,
        /// Shape of the output gradient.
        found: Vec<usize>,
    },
    /// More or fewer output gradients than targets.
    #[error("`output_gradients`: expected {expected} tensors, one for each target, found {found}")]
    OutputGradientCount {
        /// Number of targets.
        expected: usize,
        /// Number of output gradients.
        found: usize,
    },
    /// A batch Jacobian was asked for of tensors that are no batches of equal size.
    #[error(
        "`batch_jacobian`: expected target and source to have rank 2 or more and the same first size, found shapes {of_target:?} and {of_source:?}"
    )]
    BatchShape {
        /// Shape of the target.
        of_target: Vec<usize>,
        /// Shape of the source.
        of_source: Vec<usize>,
    },
    /// A batch Jacobian was asked for where the rows depend on each other.
    #[error(
        "`batch_jacobian`: row {target_row} of the target depends on row {source_row} of the source, expected it to depend on row {target_row} alone; take `jacobian`, which holds every pair of rows"
    )]
    DependentRows {
        /// The row of the target.
        target_row: usize,
        /// The row of the source.
        source_row: usize,
    },
    /// A value or an update whose shape is not that of the variable.
    #[error("`{operation}`: variable {variable} has shape {expected:?}, found {found:?}")]
    VariableShape {
        /// The function that was to change the variable.
        operation: &'static str,
        /// Name of the variable, or its place.
        variable: String,
        /// Shape of the variable.
        expected: Vec<usize>,
        /// Shape of the value.
        found: Vec<usize>,
    },
    /// Forward mode needs the transpose of a rule, and the rule is no linear function of its upstream gradient.
    #[error(
        "`{function}` ({defined}, called at {called}) has no tangent: its `grad` is not linear in the upstream gradient, so it has no transpose; take gradients by a tape, or keep the function out of forward mode with `tf::stop_gradient`"
    )]
    NotLinear {
        /// The annotated function.
        function: &'static str,
        /// Where the function stands, `file:line`.
        defined: String,
        /// Where it was called.
        called: &'static Location<'static>,
    },
    /// A tangent that does not fit its primal.
    #[error(
        "`ForwardAccumulator`: expected tangent {place} to have shape {expected:?}, that of its primal, found {found:?}"
    )]
    TangentShape {
        /// Which, counted from 0.
        place: usize,
        /// Shape of the primal.
        expected: Vec<usize>,
        /// Shape of the tangent.
        found: Vec<usize>,
    },
    /// More or fewer tangents than primals.
    #[error("`ForwardAccumulator`: expected {expected} tangents, one for each primal, found {found}")]
    TangentCount {
        /// Number of primals.
        expected: usize,
        /// Number of tangents.
        found: usize,
    },
    /// A tensor was given as a primal more than once.
    #[error(
        "`ForwardAccumulator`: primals {first} and {second}, counted from 0, are the same tensor; give it once, with the sum of its tangents"
    )]
    RepeatedPrimal {
        /// Its first place.
        first: usize,
        /// Its second place.
        second: usize,
    },
    /// A derivative was asked for of a gradient that was computed where no tape sees it.
    #[error("the {order} derivative of `{function}` ({defined}, called at {called}) is not known: {reason}")]
    HigherDerivative {
        /// Which derivative, such as `second`.
        order: &'static str,
        /// The annotated function.
        function: &'static str,
        /// Where the function stands, `file:line`.
        defined: String,
        /// Where it was called.
        called: &'static Location<'static>,
        /// Why it is not known, and what to do.
        reason: &'static str,
    },
    /// A gradient was asked for through a tensor that `tf::prevent_gradient` made.
    #[error("what `prevent_gradient` returned at {called} has no gradient: {reason}")]
    GradientPrevented {
        /// Where it was called.
        called: &'static Location<'static>,
        /// What it was told.
        reason: String,
    },
    /// A gradient was needed for which the rule gives [`NotImplemented`](crate::NotImplemented).
    #[error(
        "the gradient of `{parameter}` in `{function}` ({defined}, called at {called}) is not implemented: {reason}"
    )]
    NotImplemented {
        /// The parameter.
        parameter: String,
        /// The annotated function.
        function: &'static str,
        /// Where the function stands, `file:line`.
        defined: String,
        /// Where it was called.
        called: &'static Location<'static>,
        /// What the rule says.
        reason: &'static str,
    },
    /// A hook returned a gradient of another shape.
    #[error(
        "the hook registered at {registered} returned a gradient of shape {found:?}, expected {expected:?}, that of its tensor"
    )]
    HookShape {
        /// Where it was registered.
        registered: &'static Location<'static>,
        /// Shape of the tensor.
        expected: Vec<usize>,
        /// Shape that the hook returned.
        found: Vec<usize>,
    },
    /// A function returned another shape when it ran again for its gradient.
    #[error(
        "`recompute_grad`: output {output} of the function at {wrapped} had shape {expected:?}, and {found:?} when it ran again for its gradient; it must not depend on what changes in between"
    )]
    RecomputedShape {
        /// Which output, counted from 0.
        output: usize,
        /// Shape in the first run.
        expected: Vec<usize>,
        /// Shape in the second run.
        found: Vec<usize>,
        /// Where the function was passed to `recompute_grad`.
        wrapped: &'static Location<'static>,
    },
}

/// A rule's `grad` returned an `Err`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the gradient of `{function}` ({defined}), called at {called}, failed: {source}")]
#[non_exhaustive]
pub struct GradientFailure {
    /// The annotated function.
    pub function: &'static str,
    /// Where the function stands, `file:line`.
    pub defined: String,
    /// Where it was called.
    pub called: &'static Location<'static>,
    /// What `grad` returned.
    pub source: Arc<dyn std::error::Error + Send + Sync>,
}

/// Two failures are equal if they are the same.
impl PartialEq for GradientFailure {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
    }
}

/// A rule returned a gradient whose shape is not that of the input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GradientShape {
    /// The annotated function.
    pub function: &'static str,
    /// Its parameter, or `xs[2]` for a tensor in a list.
    pub parameter: String,
    /// Shape of the argument that was passed.
    pub expected: Vec<usize>,
    /// Shape of the gradient that `grad` returned.
    pub found: Vec<usize>,
    /// Where the function stands, `file:line`.
    pub defined: String,
    /// Where it was called.
    pub called: &'static Location<'static>,
}

impl GradientShape {
    /// The axes whose sum turns the shape found into the one expected, if that is all that is missing.
    fn summed_axes(&self) -> Option<Vec<usize>> {
        let extra = self.found.len().checked_sub(self.expected.len())?;
        let mut axes: Vec<usize> = (0..extra).collect();
        for (axis, (&found, &expected)) in self.found[extra..].iter().zip(&self.expected).enumerate() {
            match (found, expected) {
                (f, e) if f == e => {}
                (_, 1) => axes.push(axis + extra),
                _ => return None,
            }
        }
        Some(axes)
    }

    /// Whether the shape found broadcasts to the one expected.
    fn is_stretched(&self) -> bool {
        let pairs = self.found.iter().rev().zip(self.expected.iter().rev());
        self.found.len() <= self.expected.len()
            && pairs.into_iter().all(|(found, expected)| found == expected || *found == 1)
    }
}

impl fmt::Display for GradientShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, parameter, expected, found, defined, called } = self;
        write!(
            f,
            "the gradient of `{parameter}` in `{function}` ({defined}, called at {called}) has shape {found:?}, expected {expected:?}, that of `{parameter}`"
        )?;
        match self.summed_axes().as_deref() {
            Some([axis]) => {
                write!(f, "; summing axis {axis} would give it: wrap the gradient in `tf::sum_to(…, {parameter})`")
            }
            Some(axes @ [_, ..]) => {
                write!(f, "; summing axes {axes:?} would give it: wrap the gradient in `tf::sum_to(…, {parameter})`")
            }
            _ if self.is_stretched() => {
                write!(
                    f,
                    "; stretching it would give that: wrap the gradient in `tf::broadcast_to(…, {parameter}.shape())`"
                )
            }
            _ => Ok(()),
        }
    }
}

/// Why no gradient exists between a target and a source.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Unconnected {
    /// The source is a tensor that this tape was never told to watch.
    NotWatched,
    /// The source is a variable that nothing read while this tape recorded.
    NotRead,
    /// The source is a variable, and the tape was told not to watch variables by itself.
    NotWatchedByItself,
    /// The target existed before the tape did.
    TargetBeforeTape,
    /// The target was computed before the source was watched.
    WatchedTooLate,
    /// The target was computed while `stop_recording` stopped the tape.
    WhileStopped,
    /// Another tape recorded the target; this one did not.
    OtherTape,
    /// The target does not depend on anything that this tape watches.
    TargetNotRecorded,
    /// Operations that let no gradient through stand between source and target.
    Stopped {
        /// Each with the place of its call.
        by: Vec<String>,
    },
    /// The target depends on no primal of the accumulator while that records.
    NoTangent {
        /// Calls through which no tangent flows, each with its place: they may have led to the target.
        cuts: Vec<String>,
    },
    /// The target existed before the accumulator did, and is no primal.
    BeforeAccumulator,
    /// Both are on the tape, and nothing leads from one to the other.
    NoPath {
        /// Calls that the source enters and through which no gradient flows, each with its place: they may have led to
        /// the target.
        cuts: Vec<String>,
    },
}

impl Unconnected {
    /// Whether the target does not depend on the source, as far as a tape can tell: nothing stopped a gradient.
    pub(crate) fn is_independence(&self) -> bool {
        match self {
            Self::TargetBeforeTape | Self::OtherTape | Self::TargetNotRecorded => true,
            Self::NoPath { cuts } => cuts.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for Unconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWatched => {
                write!(f, "this tape never watched it; call `tape.watch(&…)` before the tensor is used")
            }
            Self::NotRead => write!(f, "nothing read the variable while this tape recorded"),
            Self::NotWatchedByItself => {
                write!(
                    f,
                    "the tape was made with `watch_accessed_variables(false)`; call `tape.watch(&…)` before the variable is used"
                )
            }
            Self::TargetBeforeTape => {
                write!(f, "the target was computed before the tape began; make the tape first, then compute the target")
            }
            Self::WatchedTooLate => {
                write!(
                    f,
                    "the target was computed before the source was watched; call `tape.watch(&…)` before the tensor is used"
                )
            }
            Self::WhileStopped => {
                write!(
                    f,
                    "the target was computed while the tape was stopped; compute it when the guard of `stop_recording` is gone"
                )
            }
            Self::OtherTape => {
                write!(
                    f,
                    "another tape recorded the target, this one did not; watch the source on the tape that is asked for the gradient"
                )
            }
            Self::TargetNotRecorded => {
                write!(
                    f,
                    "the target does not depend on anything that this tape watches; compute it from the source, with operations of `tf`, while the tape records"
                )
            }
            Self::Stopped { by } => write!(f, "no gradient flows through {}", by.join(", ")),
            Self::NoTangent { cuts } if cuts.is_empty() => {
                write!(
                    f,
                    "it depends on none of them; compute it from them, with operations of `tf`, while the accumulator records"
                )
            }
            Self::NoTangent { cuts } => {
                write!(f, "it depends on none of them, unless by {}, where no tangent flows", cuts.join(", "))
            }
            Self::BeforeAccumulator => {
                write!(
                    f,
                    "it was computed before the accumulator began; make the accumulator first, then compute the target"
                )
            }
            Self::NoPath { cuts } if cuts.is_empty() => write!(f, "the target does not depend on it"),
            Self::NoPath { cuts } => {
                write!(f, "the target does not depend on it, unless by {}, where no gradient flows", cuts.join(", "))
            }
        }
    }
}

/// What there is, or a panic with the error's text: where an operator or an operation cannot return `Result`.
#[track_caller]
#[inline]
pub(crate) fn or_refuse<R>(result: Result<R, Error>) -> R {
    match result {
        Ok(found) => found,
        Err(error) => refuse(&error),
    }
}

/// Stops with the error's text: where an operator or an operation cannot return `Result`.
#[track_caller]
#[cold]
#[inline(never)]
pub(crate) fn refuse(error: &Error) -> ! {
    panic!("{error}")
}
