//! The call of an annotated function that an error is about.

use std::fmt;
use std::panic::Location;

/// A call of an annotated function or of an operation. Its text is `` `f` (src/lib.rs:3, called at src/main.rs:7:9) ``.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleCall {
    /// Name of the function.
    pub function: &'static str,
    /// File in which it is defined.
    pub file: &'static str,
    /// Line on which it is defined, counted from 1.
    pub line: u32,
    /// Where it was called.
    pub called: &'static Location<'static>,
}

impl fmt::Display for RuleCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, file, line, called } = self;
        match is_of_std(called) {
            true => write!(f, "`{function}` ({file}:{line}, called as a function value)"),
            false => write!(f, "`{function}` ({file}:{line}, called at {called})"),
        }
    }
}

/// Whether a place is none of the user's: a function that is passed on as a value is called by std, whose files carry the hash of
/// a compiler's commit in their paths.
pub(crate) fn is_of_std(place: &Location<'_>) -> bool {
    place.file().starts_with("/rustc/") || place.file().ends_with("core/src/ops/function.rs")
}
