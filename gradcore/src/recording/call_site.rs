//! Rules, and the calls of them: which, where it stands, and from where.

use std::collections::HashSet;
use std::fmt;
use std::panic::Location;

use crate::error::{RuleCall, is_of_std};
use crate::shape::Shape;
use crate::tensor::Erased;

/// What is known of an annotated function when it is compiled.
#[derive(Debug)]
pub struct Rule {
    /// Name of the function.
    pub(crate) name: &'static str,
    /// File in which it stands.
    pub(crate) file: &'static str,
    /// Line on which it stands.
    pub(crate) line: u32,
    /// Its parameters, and after them the places in `variables(…)`.
    pub(crate) parameters: &'static [&'static str],
    /// Brings a gradient into the shape of its input, where the rule asks for that.
    pub(crate) fit: Option<Fit>,
    /// The inputs for which `grad` says `None`, wherever the function ends: bit `k` for the `k`th.
    pub(crate) stops: u64,
    /// Whether it is known to be linear in its upstream gradient.
    pub(crate) is_linear: bool,
    /// Whether its body is known to call no other rule, and to keep nothing but its inputs and what it computes.
    pub(crate) is_leaf: bool,
    /// Whether its `grad` seems to change what outlives it.
    pub(crate) has_effect: bool,
}

/// Brings a gradient into a shape, if it can be, or leaves it.
#[derive(Debug)]
pub struct Fit(pub(crate) fn(Erased, &Shape) -> Erased);

impl Rule {
    /// What the macro writes above each function.
    #[must_use]
    pub const fn new(name: &'static str, file: &'static str, line: u32, parameters: &'static [&'static str]) -> Self {
        Rule { name, file, line, parameters, fit: None, stops: 0, is_linear: false, is_leaf: false, has_effect: false }
    }

    /// The same rule, known to be linear in its upstream gradient.
    pub(crate) const fn linear_is_an_option_of_gradcore_alone(mut self) -> Self {
        self.is_linear = true;
        self
    }

    /// The same rule, whose body is known to call no other.
    pub(crate) const fn leaf_is_an_option_of_gradcore_alone(mut self) -> Self {
        self.is_leaf = true;
        self
    }

    /// The same rule, whose gradients are brought into the shapes of their inputs.
    #[must_use]
    pub const fn fitting(mut self, fit: Fit) -> Self {
        self.fit = Some(fit);
        self
    }

    /// The same rule, whose `grad` seems to change what outlives it.
    #[must_use]
    pub const fn with_effect(mut self) -> Self {
        self.has_effect = true;
        self
    }

    /// The same rule, which lets no gradient through to some inputs.
    #[must_use]
    pub const fn stopping(mut self, stops: u64) -> Self {
        self.stops = stops;
        self
    }
}

/// Which function it is, and where that stands.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.name, self.file, self.line)
    }
}

/// One call of a rule: which, and from where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    pub(crate) rule: &'static Rule,
    pub(crate) called: &'static Location<'static>,
}

impl CallSite {
    /// What errors say of the call.
    pub(crate) fn rule_call(self) -> RuleCall {
        let Rule { name: function, file, line, .. } = *self.rule;
        RuleCall { function, file, line, called: self.called }
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { name, file, line, .. } = self.rule;
        match is_of_std(self.called) {
            true => write!(f, "`{name}`, which stands at {file}:{line}"),
            false => write!(f, "`{name}` at {}", self.called),
        }
    }
}

/// So many places a person can look at.
const MOST_PLACES: usize = 20;

/// Each call with its place, once however often it comes; the last that are shown stand for the rest, with their count.
pub(crate) fn places(sites: impl Iterator<Item = CallSite>) -> Vec<String> {
    let mut seen = HashSet::new();
    let is_new = |site: &CallSite| {
        let of_rule: *const Rule = site.rule;
        seen.insert((of_rule, site.called.file(), site.called.line(), site.called.column()))
    };
    let sites: Vec<CallSite> = sites.filter(is_new).collect();
    let mut places: Vec<String> = sites.iter().take(MOST_PLACES).map(CallSite::to_string).collect();
    if sites.len() > MOST_PLACES {
        places.push(format!("{} others", sites.len() - MOST_PLACES));
    }
    places
}
