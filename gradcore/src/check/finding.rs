//! What may be wrong with a gradient, in words that a person can act on.

use std::fmt;

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
    /// An output has another shape for arguments of the same shapes: a step away, when it runs again, or on a tape.
    OutputShape {
        /// The output, counted from 0.
        output: usize,
        /// Its shape at the arguments of the check.
        expected: Vec<usize>,
        /// Its other shape.
        found: Vec<usize>,
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
    /// Differences tell nothing about an input: the check has not taken place.
    Inconclusive {
        /// Its name.
        input: String,
    },
    /// The function was said to work element by element, and does not.
    NotElementwise {
        /// The input on more than one element of which an output depends.
        input: String,
        /// The output, counted from 0.
        output: usize,
        /// Its element, or nothing if its shape alone shows it.
        index: Option<Vec<usize>>,
    },
    /// The function was said to take inputs of any length, and one is wrong with inputs of this length.
    Length {
        /// How many elements each input has.
        length: usize,
        /// What is wrong.
        finding: Box<Finding>,
    },
    /// The gradient for the same upstream gradient was another, the second time.
    RandomGradient(Change),
    /// The gradient is not linear in the upstream gradient.
    NotLinear {
        /// The upstream gradient, composed of random ones v and w: `2 v`, `v + w`.
        upstream: &'static str,
        /// The gradient for it.
        change: Change,
    },
    /// An upstream gradient of zeros does not give zeros.
    ZeroUpstream(Change),
    /// In forward mode the derivative is another.
    ForwardMode {
        /// ⟨v, J u⟩ by tangents.
        forward: f64,
        /// ⟨Jᵀ v, u⟩ by gradients.
        reverse: f64,
    },
    /// The gradient depends on which inputs a tape watches.
    Watched {
        /// The inputs that were watched.
        inputs: Vec<String>,
        /// The gradient, which differs from that where every input is watched.
        change: Change,
    },
    /// The gradient depends on which gradients a tape is asked for.
    Asked {
        /// The inputs whose gradients were asked for.
        inputs: Vec<String>,
        /// The gradient, which differs from that where all are asked for.
        change: Change,
    },
    /// An output that is not used does not count as one whose upstream gradient is zero.
    SingleOutput {
        /// The output that is used, counted from 0.
        output: usize,
        /// The gradient, which differs from that for zeros in place of the others.
        change: Change,
    },
    /// A persistent tape, asked for the second time, gives another gradient.
    PersistentTape {
        /// Whether it is the second derivative.
        second: bool,
        /// The gradient, which differs from that of a one-shot tape.
        change: Change,
    },
    /// The gradient depends on how the inputs lie in memory.
    Layout {
        /// How they lie.
        layout: &'static str,
        /// The gradient, which differs from that for inputs in storage of their own.
        change: Change,
    },
}

/// An element of a gradient that is not the same in two cases.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The parameter or variable, if it has a name, else its place.
    pub input: String,
    /// The element.
    pub index: Vec<usize>,
    /// What it should be.
    pub expected: f64,
    /// What it is.
    pub found: f64,
}

/// An element of a gradient that is not what differences say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// 1 for a gradient, 2 for a second derivative.
    pub order: usize,
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
    /// Zero throughout, or off, because no tape sees how the gradient is computed. Of second derivatives.
    Unseen,
    /// The same whatever the upstream gradient is.
    IgnoresUpstream,
    /// Not zero where the function does not change at all.
    Flat,
    /// Right for an upstream gradient of ones alone.
    AssumesOnes,
    /// The sign is turned throughout.
    Sign,
    /// Off by one factor throughout.
    Factor(f64),
    /// Right after the last two axes are swapped.
    Transposed,
    /// Right after the order of the elements is reversed.
    Reversed,
    /// Other elements are right.
    SomeElements {
        /// How many of them.
        right: usize,
        /// Of how many that were looked at.
        others: usize,
    },
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
            Finding::OutputShape { output, expected, found } => write!(
                f,
                "the shape of output {output} depends on more than the shapes of the arguments: it was {expected:?}, then {found:?} next to these arguments or in another run; where it changes there is no derivative; check the function elsewhere"
            ),
            Finding::Failed { error } => f.write_str(error),
            Finding::Nothing { input: true } => {
                write!(f, "no argument is a tensor or variable of `f32` or `f64`, so there is nothing to check")
            }
            Finding::Nothing { input: false } => {
                write!(f, "no output is a tensor of `f32` or `f64`, so there is nothing to check")
            }
            Finding::Inconclusive { input } => write!(
                f,
                "inconclusive: differences tell nothing about {input}, neither that its gradient is right nor that it is wrong; the function is too rough there, or its values are too large; check it elsewhere"
            ),
            Finding::NotElementwise { input, output, index: Some(index) } => write!(
                f,
                "output {output} at {index:?} depends on more than one element of {input}; check the function without `elementwise`"
            ),
            Finding::NotElementwise { input, output, index: None } => write!(
                f,
                "{input} does not broadcast to the shape of output {output}; check the function without `elementwise`"
            ),
            Finding::Length { length, finding } => write!(f, "with inputs of length {length}: {finding}"),
            change => change.fmt_change(f),
        }
    }
}

impl Finding {
    /// What compares one way to a gradient with another.
    fn fmt_change(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::RandomGradient(Change { input, index, expected, found }) => write!(
                f,
                "the gradient of {input} is not deterministic: at {index:?} it was {expected:?}, then {found:?} for the same upstream gradient; seed the random numbers of `grad`, or draw them in the body"
            ),
            Finding::NotLinear { upstream, change } => write!(
                f,
                "the gradient of {change} for the upstream gradient {upstream}, expected {:?} as those for v and w say: it is not linear in the upstream gradient; if that is meant, say `not_linear` with the reason",
                change.expected
            ),
            Finding::ZeroUpstream(change) => write!(
                f,
                "the gradient of {change} where the upstream gradient is zero, expected 0.0; multiply by the upstream gradient"
            ),
            Finding::Watched { inputs, change } => write!(
                f,
                "the gradient of {change} if only {} is watched, and {:?} if every input is; compute each gradient from the upstream gradient and the inputs alone",
                inputs.join(", "),
                change.expected
            ),
            Finding::Asked { inputs, change } => write!(
                f,
                "the gradient of {change} if only that of {} is asked for, and {:?} if all are; compute each gradient without the others",
                inputs.join(", "),
                change.expected
            ),
            Finding::SingleOutput { output, change } => write!(
                f,
                "the gradient of {change} if only output {output} is used, and {:?} if the others have an upstream gradient of zeros; an unused output arrives as zeros",
                change.expected
            ),
            Finding::ForwardMode { forward, reverse } => write!(
                f,
                "forward mode has another derivative than reverse mode, {forward:?} against {reverse:?} along random directions; `grad` must compute its gradients from the upstream gradient by operations that tapes see"
            ),
            Finding::PersistentTape { second, change } => write!(
                f,
                "the {} of {change} from a persistent tape, and {:?} from {}; `grad` must not change what it has captured",
                if *second { "second derivative" } else { "gradient" },
                change.expected,
                if *second { "nested ones" } else { "one for a single gradient" },
            ),
            Finding::Layout { layout, change } => write!(
                f,
                "the gradient of {change} for inputs {layout}, and {:?} for the same inputs in storage of their own; go by the shape, not by the place in memory",
                change.expected
            ),
            _ => unreachable!("all others have a text of their own"),
        }
    }
}

/// "`x` is 2.0 at" an index.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { input, index, found, .. } = self;
        write!(f, "{input} is {found:?} at {index:?}")
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { order, input, index, analytic, numeric, cause } = self;
        let (what, said) = match order {
            1 => ("gradient of", "`grad` gives"),
            _ => ("second derivative in", "the tapes give"),
        };
        write!(
            f,
            "the {what} {input} is wrong at {index:?}: {said} {analytic:?}, differences {numeric:?}, ratio {:.6}",
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
            Cause::Unseen => write!(
                f,
                "it is zero throughout: `grad` computes with numbers that no tape sees, such as those of `.to_vec()` or `.item()`, or with constants of `tf::stop_gradient`; compute with tensors"
            ),
            Cause::IgnoresUpstream => {
                write!(f, "it is the same whatever the upstream gradient is: multiply by the upstream gradient")
            }
            Cause::Flat => write!(
                f,
                "the function does not change here: a gradient that is no derivative on purpose, such as that of a straight-through estimator, is declared by `not_a_derivative(\"…\")`"
            ),
            Cause::AssumesOnes => write!(
                f,
                "it assumes an upstream of ones: for that it is right; each element of the upstream gradient must meet its own"
            ),
            Cause::Sign => write!(f, "the sign is turned throughout"),
            Cause::Factor(factor) => write!(f, "it is off by the factor {factor:.6} throughout"),
            Cause::Transposed => write!(f, "it is transposed: right after the last two axes are swapped"),
            Cause::Reversed => write!(f, "it is reversed: right from the last element to the first"),
            Cause::SomeElements { right, others } => {
                write!(f, "of {others} other elements looked at, {right} are right")
            }
        }
    }
}
