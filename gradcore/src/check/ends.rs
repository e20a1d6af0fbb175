//! Where a check begins, and what ends it at once.

use super::difference::Precision;
use super::finding::Finding;
use super::subject::{Outputs, Reshaped, Trouble, Values};

/// A function at its inputs.
pub(super) struct Start {
    pub(super) point: Values,
    pub(super) outputs: Outputs,
    pub(super) precision: Precision,
}

/// What ends a check at once.
pub(super) enum End {
    Refused(String),
    Finding(Finding),
}

impl End {
    pub(super) fn finding(self) -> Finding {
        match self {
            End::Refused(error) => Finding::Failed { error },
            End::Finding(finding) => finding,
        }
    }
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(error) => End::Refused(error),
            Trouble::Failed(error) => End::Finding(Finding::Failed { error }),
            Trouble::Reshaped(reshaped) => End::Finding(reshaped.into()),
        }
    }
}

impl From<Reshaped> for Finding {
    fn from(Reshaped { output, expected, found }: Reshaped) -> Self {
        Finding::OutputShape { output, expected, found }
    }
}

impl From<Finding> for End {
    fn from(finding: Finding) -> Self {
        End::Finding(finding)
    }
}
