//! What a check did and found, in numbers and in words.

use std::collections::BTreeSet;
use std::fmt;

use super::finding::Finding;
use super::options::Exempt;
use super::verdict::Verdict;

/// What a check did and found. It prints as text that a person can act on.
#[derive(Debug, Clone)]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The checked function, if it is known by name.
    pub function: Option<&'static str>,
    /// The inputs that were moved.
    pub inputs: Vec<InputReport>,
    /// What was found about second derivatives, if they were asked for.
    pub second: Option<Second>,
    /// Where the random numbers started. The same seed gives the same check.
    pub seed: u64,
    /// In how many directions each input was moved.
    pub directions: usize,
    /// How often the function was evaluated for differences.
    pub evaluations: usize,
    /// What the gradient need not be, on purpose.
    pub exempt: Option<Exempt>,
    /// What is wrong: nothing, if gradients and differences agree.
    pub findings: Vec<Finding>,
}

/// What was found about second derivatives.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Second {
    /// They were compared, with respect to the inputs and to the upstream gradient of each output.
    Compared(Vec<InputReport>),
    /// They do not exist, and asking for them is an error, with this text.
    Refused(String),
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
    /// Where the function or its slope jumps, and the gradient is between the slopes of the two sides.
    pub kinks: Vec<Vec<usize>>,
    /// Where differences tell nothing.
    pub inconclusive: Vec<Vec<usize>>,
    /// The elements that were found to be wrong: with [`elementwise`](super::CheckOptions::elementwise) all that are.
    pub wrong: Vec<WrongElement>,
    /// What needs no further look.
    pub(super) settled: BTreeSet<usize>,
    /// Whether it is inconclusive as a whole.
    pub(super) given_up: bool,
}

/// An element of a gradient that is wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WrongElement {
    /// The element.
    pub index: Vec<usize>,
    /// What the rule says.
    pub analytic: f64,
    /// What differences say.
    pub numeric: f64,
}

impl InputReport {
    pub(super) fn new(name: String, shape: Vec<usize>) -> Self {
        let (kinks, inconclusive, wrong, settled) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        InputReport { name, shape, error: 0.0, kinks, inconclusive, wrong, settled, given_up: false }
    }

    /// Whether nothing more is to be found.
    pub(super) fn is_done(&self) -> bool {
        self.given_up || !self.wrong.is_empty()
    }

    /// Notes a relative error that is small enough.
    pub(super) fn accept(&mut self, error: f64) {
        self.error = self.error.max(error);
    }

    /// Notes what an element is that is not wrong.
    pub(super) fn settle(&mut self, element: usize, verdict: &Verdict) {
        let index = indices(element, &self.shape);
        self.settled.insert(element);
        match verdict {
            Verdict::Kink => self.kinks.push(index),
            Verdict::Inconclusive => self.inconclusive.push(index),
            Verdict::Right(_) | Verdict::Wrong(_) => {}
        }
    }

    pub(super) fn is_mostly_inconclusive(&self) -> bool {
        2 * self.inconclusive.len() > self.shape.iter().product()
    }
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
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<Failed> for crate::Error {
    fn from(failed: Failed) -> Self {
        crate::Error::Check { report: failed.to_string() }
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
        match (&self.findings[..], &self.exempt) {
            ([], None) => writeln!(f, "the gradients agree with differences")?,
            ([], Some(_)) => writeln!(f, "nothing is wrong with the gradients as such")?,
            (findings, _) => findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?,
        }
        match &self.exempt {
            Some(Exempt::Derivative(reason)) => writeln!(f, "  not compared with differences: {reason}")?,
            Some(Exempt::Linear(reason)) => {
                writeln!(f, "  not compared with differences, nor for linearity in the upstream gradient: {reason}")?;
            }
            None => self.inputs.iter().try_for_each(|input| writeln!(f, "  {input}"))?,
        }
        match &self.second {
            Some(Second::Compared(inputs)) => {
                inputs.iter().try_for_each(|input| writeln!(f, "  second derivative in {input}"))?;
            }
            Some(Second::Refused(reason)) => writeln!(f, "  second derivatives are refused: {reason}")?,
            None => {}
        }
        let Report { seed, directions, evaluations, .. } = self;
        write!(f, "  seed {seed}, directions {directions}, evaluations {evaluations}")
    }
}

/// How many elements with the same mistake are listed by index.
const SHOWN: usize = 3;

impl fmt::Display for InputReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputReport { name, shape, error, kinks, inconclusive, wrong, .. } = self;
        write!(f, "{name}, shape {shape:?}: ")?;
        match &wrong[..] {
            [] => write!(f, "largest relative error {error:.1e}")?,
            [_] => write!(f, "see above")?,
            more => {
                write!(f, "wrong at {} of {} elements", more.len(), shape.iter().product::<usize>())?;
                more.iter().take(SHOWN).try_for_each(|element| write!(f, "; {element}"))?;
                more.get(SHOWN).map_or(Ok(()), |_| write!(f, "; and {} more", more.len() - SHOWN))?;
            }
        }
        for (indices, what) in [(kinks, "at a kink"), (inconclusive, "inconclusive")] {
            let shown: Vec<String> = indices.iter().take(SHOWN).map(|index| format!("{index:?}")).collect();
            match indices.len() {
                0 => {}
                1..=SHOWN => write!(f, "; {what}: {}", shown.join(", "))?,
                more => write!(f, "; {what}: {} and {} more", shown.join(", "), more - SHOWN)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for WrongElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongElement { index, analytic, numeric } = self;
        write!(f, "{index:?}: {analytic:?} for {numeric:?}")
    }
}
