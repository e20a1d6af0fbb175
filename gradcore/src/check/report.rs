//! What a check found, in numbers and in words.

use std::collections::BTreeSet;
use std::fmt;

/// What a check did and found. It prints as text that a person can act on.
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The checked function, if it is known by name.
    pub function: Option<&'static str>,
    /// The inputs that were moved.
    pub inputs: Vec<InputReport>,
    /// Where the random numbers started. The same seed gives the same check.
    pub seed: u64,
    /// In how many directions each input was moved.
    pub directions: usize,
    /// How often the function was evaluated for differences.
    pub evaluations: usize,
    /// What is wrong: nothing, if gradients and differences agree.
    pub findings: Vec<Finding>,
}

/// What a check found about one input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InputReport {
    /// The parameter or variable, if it has a name, else its place.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The largest difference that was accepted, in proportion to the norm of the gradient.
    pub error: f64,
    /// Where the slope jumps and the gradient is between the slopes of the two sides.
    pub kinks: Vec<Vec<usize>>,
    /// Where differences tell nothing.
    pub undecided: Vec<Vec<usize>>,
    /// What needs no further look.
    pub(super) settled: BTreeSet<usize>,
    pub(super) wrong: bool,
}

impl InputReport {
    pub(super) fn new(name: String, shape: Vec<usize>) -> Self {
        let (kinks, undecided, settled) = (Vec::new(), Vec::new(), BTreeSet::new());
        InputReport { name, shape, error: 0.0, kinks, undecided, settled, wrong: false }
    }
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// A gradient is wrong.
    Wrong(Mismatch),
    /// Two evaluations gave different values.
    Random {
        /// The value of an element.
        first: f64,
        /// The value of the same element, the second time.
        second: f64,
    },
    /// The function computes something else while a tape records.
    OtherWhenRecorded {
        /// The value of an element without a tape.
        plain: f64,
        /// The value of the same element with a tape.
        recorded: f64,
    },
    /// An output is infinite or NaN.
    NotFinite {
        /// The output.
        value: f64,
    },
    /// The function, or the tape, returned an error.
    Failed {
        /// Its text.
        error: String,
    },
    /// No input, or no output, is a tensor of `f32` or `f64`.
    Nothing {
        /// Whether it is the inputs.
        input: bool,
    },
    /// Differences tell nothing about most elements of an input.
    Undecided {
        /// Its name.
        input: String,
    },
}

/// An element of a gradient that is not what differences say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The parameter or variable, if it has a name, else its place.
    pub input: String,
    /// The element.
    pub index: Vec<usize>,
    /// What the rule says, for random weights of the outputs.
    pub analytic: f64,
    /// What differences say, for the same weights.
    pub numeric: f64,
    /// What may be wrong, if the pattern tells.
    pub cause: Option<Cause>,
}

/// What the pattern of a wrong gradient tells.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// Infinite or NaN where the function is finite.
    NotFinite,
    /// Zero throughout.
    NoGradient,
    /// The same whatever the upstream gradient is.
    IgnoresUpstream,
    /// The sign is turned throughout.
    Sign,
    /// Off by one factor throughout.
    Factor(f64),
    /// Other elements are right.
    SomeElements {
        /// How many of them.
        right: usize,
        /// Of how many that were looked at.
        others: usize,
    },
}

/// The error of a check that failed. Its text, also that of `{:?}`, is the report's.
pub struct Failed(Box<Report>);

impl Failed {
    pub(super) fn new(report: Report) -> Self {
        Failed(Box::new(report))
    }

    /// What was found.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl std::error::Error for Failed {}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As a test prints it that returns the error.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The index of an element in a tensor of the given shape.
pub(super) fn indices(element: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = element;
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|size| {
            let place = rest % size;
            rest /= size;
            place
        })
        .collect();
    index.reverse();
    index
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = self.function {
            write!(f, "`{function}`: ")?;
        }
        match &self.findings[..] {
            [] => writeln!(f, "the gradients agree with differences")?,
            findings => findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?,
        }
        self.inputs.iter().try_for_each(|input| writeln!(f, "  {input}"))?;
        let Report { seed, directions, evaluations, .. } = self;
        write!(f, "  seed {seed}, directions {directions}, evaluations {evaluations}")
    }
}

impl fmt::Display for InputReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputReport { name, shape, error, kinks, undecided, wrong, .. } = self;
        write!(f, "{name}, shape {shape:?}: ")?;
        match wrong {
            true => write!(f, "see above")?,
            false => write!(f, "largest relative error {error:.1e}")?,
        }
        for (indices, what) in [(kinks, "at a kink"), (undecided, "undecided")] {
            let shown: Vec<String> = indices.iter().take(3).map(|index| format!("{index:?}")).collect();
            match indices.len() {
                0 => {}
                1..=3 => write!(f, "; {what}: {}", shown.join(", "))?,
                more => write!(f, "; {what}: {} and {} more", shown.join(", "), more - 3)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Wrong(mismatch) => mismatch.fmt(f),
            Finding::Random { first, second } => write!(
                f,
                "the function is not deterministic: the same arguments gave {first:?}, then {second:?}; seed its random numbers, or make them an argument"
            ),
            Finding::OtherWhenRecorded { plain, recorded } => write!(
                f,
                "the function depends on whether a tape records: without one it gave {plain:?}, with one {recorded:?}"
            ),
            Finding::NotFinite { value } => {
                write!(f, "the function is {value:?} at these arguments; check it where it is finite")
            }
            Finding::Failed { error } => f.write_str(error),
            Finding::Nothing { input: true } => {
                write!(f, "no argument is a tensor or variable of `f32` or `f64`, so there is nothing to check")
            }
            Finding::Nothing { input: false } => {
                write!(f, "no output is a tensor of `f32` or `f64`, so there is nothing to check")
            }
            Finding::Undecided { input } => write!(
                f,
                "differences tell nothing about most elements of {input}: the function is too rough there, or its values are too large; check it elsewhere"
            ),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { input, index, analytic, numeric, cause } = self;
        write!(
            f,
            "the gradient of {input} is wrong at {index:?}: `grad` gives {analytic:?}, differences {numeric:?}, ratio {:.6}",
            analytic / numeric
        )?;
        match cause {
            Some(cause) => write!(f, "; {cause}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NotFinite => write!(f, "the function is smooth here, the gradient is not finite"),
            Cause::NoGradient => write!(f, "it is zero throughout: does `grad` return `None` or zeros for it?"),
            Cause::IgnoresUpstream => {
                write!(f, "it stays the same when the upstream gradient is doubled: multiply by the upstream gradient")
            }
            Cause::Sign => write!(f, "the sign is turned throughout"),
            Cause::Factor(factor) => write!(f, "it is off by the factor {factor:.6} throughout"),
            Cause::SomeElements { right, others } => {
                write!(f, "of {others} other elements looked at, {right} are right")
            }
        }
    }
}
