//! What can go wrong while a program runs, with the numbers a person needs to mend it.
//!
//! Operators and operations panic with the text of an [`Error`]; tapes, optimizers and conversions return it.

mod gradient;
mod not_finite;
mod rule_call;
mod unconnected;

use std::fmt;
use std::panic::Location;

pub use gradient::{GradientFailure, GradientShape};
pub use not_finite::{BadNumber, BadValue, NotFinite, TensorOfCall};
pub use rule_call::RuleCall;
pub(crate) use rule_call::is_of_std;
pub use unconnected::Unconnected;

/// An error of this crate. Its text names the function and the parameter, and says what was expected and found; that of `{:?}`,
/// which `main` and `expect` show, is the same.
#[derive(Clone, PartialEq, thiserror::Error)]
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
    /// A check of gradients that failed, of which this is the report: what [`check_gradients`](crate::check_gradients) returns
    /// becomes this by `?`.
    #[error("{report}")]
    Check {
        /// The text of the report.
        report: String,
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
        "`grad` returned {found} gradients for `{parameter}` of {call}, expected {expected}, one for each of its tensors; `None` stands for one to which no gradient flows"
    )]
    GradientCount {
        /// The annotated function, and its call.
        call: RuleCall,
        /// Its parameter.
        parameter: String,
        /// Number of tensors in the list.
        expected: usize,
        /// Number of gradients.
        found: usize,
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
        "{call} has no tangent: its `grad` is not linear in the upstream gradient, so it has no transpose; take gradients by a tape, or keep the function out of forward mode with `tf::stop_gradient`"
    )]
    NotLinear {
        /// The annotated function, and its call.
        call: RuleCall,
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
    #[error("the {order} derivative of {call} is not known: {reason}")]
    HigherDerivative {
        /// Which derivative, such as `second`.
        order: &'static str,
        /// The annotated function, and its call.
        call: RuleCall,
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
    #[error("the gradient of `{parameter}` in {call} is not implemented: {reason}")]
    NotImplemented {
        /// The parameter.
        parameter: String,
        /// The annotated function, and its call.
        call: RuleCall,
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
    /// A function returned other values when it ran again for its gradient.
    #[error(
        "`recompute_grad`: output {output} of the function at {wrapped} had other values when it ran again for its gradient, so the gradient would be that of another function; what it reads must not change in between: pass it as an argument, which is kept as it was"
    )]
    RecomputedValues {
        /// Which output, counted from 0.
        output: usize,
        /// Where the function was passed to `recompute_grad`.
        wrapped: &'static Location<'static>,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
