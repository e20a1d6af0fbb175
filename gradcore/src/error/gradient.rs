//! What a rule's `grad` did wrong.

use std::fmt;
use std::sync::Arc;

use super::RuleCall;

/// A rule's `grad` returned an `Err`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the gradient of {call} failed: {source}")]
#[non_exhaustive]
pub struct GradientFailure {
    /// The annotated function, and its call.
    pub call: RuleCall,
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
    /// The annotated function, and its call.
    pub call: RuleCall,
    /// Its parameter, or `xs[2]` for a tensor in a list.
    pub parameter: String,
    /// Shape of the argument that was passed.
    pub expected: Vec<usize>,
    /// Shape of the gradient that `grad` returned.
    pub found: Vec<usize>,
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
        let Self { call, parameter, expected, found } = self;
        write!(
            f,
            "the gradient of `{parameter}` in {call} has shape {found:?}, expected {expected:?}, that of `{parameter}`"
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
