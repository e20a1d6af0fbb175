//! Where the first NaN or infinity came from.

use std::fmt;

use super::RuleCall;

/// The first number on a tape that is not finite: what `check_numerics` finds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotFinite {
    /// The annotated function, or the operation, and its call.
    pub call: RuleCall,
    /// What the call made: an output, or in the backward pass a gradient.
    pub made: BadNumber,
    /// What went in and was not finite before: inputs, and in the backward pass upstream gradients.
    pub given: Vec<BadNumber>,
}

/// A tensor that is not finite, and its first element that is not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadNumber {
    /// Which tensor of the call it is.
    pub tensor: TensorOfCall,
    /// Where the element stands; empty for a scalar.
    pub index: Vec<usize>,
    /// The element.
    pub value: BadValue,
}

/// What a tensor is to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorOfCall {
    /// The argument of a parameter, or of `xs[2]` for a tensor in a list.
    Input(String),
    /// An argument that is marked `#[nondiff]`.
    Nondiff,
    /// An output, counted from 0; `None` if there is only one.
    Output(Option<usize>),
    /// The gradient that reached an output; `None` if there is only one.
    Upstream(Option<usize>),
    /// The gradient that the rule gave for a parameter.
    Gradient(String),
    /// The sum of the gradient that the rule gave for a parameter and those that other calls had given for the tensor.
    Sum(String),
}

/// A number that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadValue {
    /// Not a number.
    Nan,
    /// Infinity.
    Infinity,
    /// Minus infinity.
    NegativeInfinity,
}

impl BadValue {
    /// The number, unless it is finite.
    pub(crate) fn of(number: f64) -> Option<Self> {
        match number {
            _ if number.is_finite() => None,
            _ if number.is_nan() => Some(Self::Nan),
            _ if number > 0.0 => Some(Self::Infinity),
            _ => Some(Self::NegativeInfinity),
        }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nan => "NaN",
            Self::Infinity => "inf",
            Self::NegativeInfinity => "-inf",
        })
    }
}

impl fmt::Display for TensorOfCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(parameter) => write!(f, "its input `{parameter}`"),
            Self::Nondiff => write!(f, "an argument that is `#[nondiff]`"),
            Self::Output(None) => write!(f, "its output"),
            Self::Output(Some(number)) => write!(f, "its output {number}, counted from 0"),
            Self::Upstream(None) => write!(f, "its upstream gradient"),
            Self::Upstream(Some(number)) => write!(f, "the upstream gradient of its output {number}, counted from 0"),
            Self::Gradient(parameter) => write!(f, "its gradient of `{parameter}`"),
            Self::Sum(parameter) => {
                write!(f, "the sum of its gradient of `{parameter}` and those of other uses of that tensor")
            }
        }
    }
}

impl BadNumber {
    /// The element and its index: `-inf at [2]`.
    fn element(&self) -> String {
        match self.index[..] {
            [] => self.value.to_string(),
            _ => format!("{} at {:?}", self.value, self.index),
        }
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, made, given } = self;
        let is_forward = matches!(made.tensor, TensorOfCall::Output(_));
        let how = match (is_forward, given.is_empty()) {
            (true, true) => "made the first number that is not finite",
            (true, false) => "is the first recorded call whose output is not finite",
            (false, true) => "made the first number in the backward pass that is not finite",
            (false, false) => "is the first call of the backward pass with a gradient that is not finite",
        };
        write!(f, "{call} {how}: {} in {}", made.element(), made.tensor)?;
        if given.is_empty() {
            return f.write_str(match is_forward {
                true => "; its inputs were finite",
                false => "; its inputs and what is upstream were finite",
            });
        }
        let given: Vec<String> = given.iter().map(|bad| format!("{} in {}", bad.element(), bad.tensor)).collect();
        write!(f, "; there was {} before; look at where that comes from", given.join(" and "))
    }
}
