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
        write!(f, "`{function}` ({file}:{line}, called at {called})")
    }
}
