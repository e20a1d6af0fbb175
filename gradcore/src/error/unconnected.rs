//! Why a gradient does not exist.

use std::fmt;

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
    /// The target was made in the body of a rule, which this tape did not see, and is no output of it.
    InBody {
        /// The rule, with the place of its call.
        call: String,
    },
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

const UNSEEN: &str = "and this tape does not see what happens there; return it from the function as another output, or record with `GradientTape::persistent()`";

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
            Self::InBody { call } => write!(f, "the target was made in the body of {call}, {UNSEEN}"),
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
