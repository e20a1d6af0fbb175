//! What holds for every gradient, whether it is a derivative or not.

use rand::RngExt;
use rand::rngs::ChaCha12Rng;

use super::difference::Precision;
use super::finding::{Change, Finding};
use super::layout::Layout;
use super::report::indices;
use super::subject::{Input, Subject, Trouble, Values, Way};

/// Of so many inputs every subset is watched; of more, each alone, all but each, and some at random.
const ALL_SUBSETS: usize = 3;
const RANDOM_SUBSETS: usize = 4;

/// The checks of structure.
pub(super) struct Structure<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) inputs: Vec<Input>,
    pub(super) point: &'a Values,
    /// Two random upstream gradients.
    pub(super) weights: &'a [Values; 2],
    /// The gradients for the first.
    pub(super) usual: Values,
    pub(super) precision: Precision,
    /// For each input whether its gradient is the derivative, as far as is known. Of others linearity is not asked: their
    /// fault has been told.
    pub(super) right: Vec<bool>,
    /// Whether the gradient is meant to be linear in the upstream gradient.
    pub(super) linear: bool,
}

type Checked = Result<Option<Finding>, Trouble>;

impl Structure<'_> {
    /// What is wrong: of each kind the first.
    pub(super) fn findings(&self, random: &mut ChaCha12Rng) -> Vec<Finding> {
        // A gradient that changes by itself would fail every other comparison.
        let deterministic = self.is_deterministic();
        if !matches!(deterministic, Ok(None)) {
            return found(deterministic, "asked again").into_iter().collect();
        }
        let upstream = match found(self.zero_upstream(), "with an upstream gradient of zeros") {
            None if self.linear => found(self.is_linear(), "with another upstream gradient"),
            finding => finding,
        };
        let ways = [
            found(self.persistent_tape(), "with a persistent tape"),
            found(self.subsets(random), "with some of the inputs"),
            found(self.single_outputs(), "with a single output"),
            found(self.layouts(), "with inputs that lie otherwise in memory"),
        ];
        let mut findings: Vec<Finding> = upstream.into_iter().chain(ways.into_iter().flatten()).collect();
        // What is wrong with the rule is wrong with its transpose, and has been told.
        if findings.is_empty() && self.linear && self.right.iter().all(|right| *right) {
            findings.extend(found(self.forward_mode(random), "in forward mode"));
        }
        findings
    }

    fn gradients(&self, weights: &Values, way: &Way) -> Result<Values, Trouble> {
        Ok(self.subject.gradients(self.point, weights, way)?.1)
    }

    fn change(&self, expected: &Values, found: &Values) -> Option<Change> {
        first_change(&self.inputs, expected, found, self.precision.same())
    }

    fn is_deterministic(&self) -> Checked {
        let again = self.gradients(&self.weights[0], &Way::Usual)?;
        Ok(self.change(&self.usual, &again).map(Finding::RandomGradient))
    }

    fn zero_upstream(&self) -> Checked {
        let zeros = combined(&self.weights[0], 0.0, &self.weights[1], 0.0);
        let mut gradients = self.gradients(&zeros, &Way::Usual)?;
        let expected = combined(&self.usual, 0.0, &self.usual, 0.0);
        self.keep_right(&mut gradients, &expected);
        Ok(self.change(&expected, &gradients).map(Finding::ZeroUpstream))
    }

    fn is_linear(&self) -> Checked {
        let [v, w] = self.weights;
        let other = self.gradients(w, &Way::Usual)?;
        // Powers of two are exact, and the last is large: a clipped gradient may be clipped far out.
        for (upstream, a, b) in [("v + w", 1.0, 1.0), ("2 v", 2.0, 0.0), ("-1024 v", -1024.0, 0.0)] {
            let expected = combined(&self.usual, a, &other, b);
            let mut gradients = self.gradients(&combined(v, a, w, b), &Way::Usual)?;
            self.keep_right(&mut gradients, &expected);
            if let Some(change) = first_change(&self.inputs, &expected, &gradients, self.precision.tolerance) {
                return Ok(Some(Finding::NotLinear { upstream, change }));
            }
        }
        Ok(None)
    }

    /// Lets the gradients that are known to be wrong pass.
    fn keep_right(&self, gradients: &mut Values, expected: &Values) {
        for (input, right) in self.right.iter().enumerate() {
            if !right {
                gradients[input].clone_from(&expected[input]);
            }
        }
    }

    /// ⟨v, J u⟩ = ⟨Jᵀ v, u⟩ for a random u, as far as the rules have transposes.
    fn forward_mode(&self, random: &mut ChaCha12Rng) -> Checked {
        let u: Values = self.point.iter().map(|values| values.iter().map(|_| sign(random)).collect()).collect();
        let tangents = match self.subject.tangents(self.point, &u) {
            Err(Trouble::Refused(_)) => return Ok(None),
            tangents => tangents?,
        };
        let (forward, size) = product(&self.weights[0], &tangents);
        let (reverse, other) = product(&self.usual, &u);
        let differ = (forward - reverse).abs() > self.precision.tolerance * (size + other);
        Ok(differ.then_some(Finding::ForwardMode { forward, reverse }))
    }

    fn persistent_tape(&self) -> Checked {
        let persistent = self.gradients(&self.weights[0], &Way::Persistent)?;
        Ok(self.change(&self.usual, &persistent).map(|change| Finding::PersistentTape { second: false, change }))
    }

    fn subsets(&self, random: &mut ChaCha12Rng) -> Checked {
        for some in subsets(self.inputs.len(), random) {
            let inputs: Vec<Input> = some.iter().map(|input| self.inputs[*input].clone()).collect();
            let expected: Values = some.iter().map(|input| self.usual[*input].clone()).collect();
            let names = || inputs.iter().map(|input| input.name.clone()).collect();
            let change = |gradients: &Values| first_change(&inputs, &expected, gradients, self.precision.same());
            if let Some(change) = change(&self.gradients(&self.weights[0], &Way::Watching(some.clone()))?) {
                return Ok(Some(Finding::Watched { inputs: names(), change }));
            }
            if let Some(change) = change(&self.gradients(&self.weights[0], &Way::Asking(some.clone()))?) {
                return Ok(Some(Finding::Asked { inputs: names(), change }));
            }
        }
        Ok(None)
    }

    fn single_outputs(&self) -> Checked {
        let weights = &self.weights[0];
        let outputs = if weights.len() > 1 { weights.len() } else { 0 };
        for output in 0..outputs {
            let zero = |(other, weights): (usize, &Vec<f64>)| {
                if other == output { weights.clone() } else { vec![0.0; weights.len()] }
            };
            let alone = weights.iter().enumerate().map(zero).collect();
            let expected = self.gradients(&alone, &Way::Usual)?;
            let gradients = self.gradients(&alone, &Way::Output(output))?;
            if let Some(change) = self.change(&expected, &gradients) {
                return Ok(Some(Finding::SingleOutput { output, change }));
            }
        }
        Ok(None)
    }

    fn layouts(&self) -> Checked {
        for layout in [Layout::Shared, Layout::Backwards] {
            let gradients = self.gradients(&self.weights[0], &Way::Arranged(layout))?;
            if let Some(change) = self.change(&self.usual, &gradients) {
                return Ok(Some(Finding::Layout { layout: layout.describe(), change }));
            }
        }
        Ok(None)
    }
}

/// What a check found. An error that comes in one case alone is told with the case.
fn found(checked: Checked, case: &str) -> Option<Finding> {
    match checked {
        Ok(finding) => finding,
        Err(Trouble::Refused(error) | Trouble::Failed(error)) => {
            Some(Finding::Failed { error: format!("{case}: {error}") })
        }
        Err(Trouble::Reshaped(reshaped)) => Some(reshaped.into()),
    }
}

/// The first element that is another. Elements may be off by this part of the greatest.
pub(super) fn first_change(inputs: &[Input], expected: &Values, found: &Values, tolerance: f64) -> Option<Change> {
    inputs.iter().zip(expected.iter().zip(found)).find_map(|(input, (expected, found))| {
        let largest = expected.iter().filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
        let is_same = |a: f64, b: f64| {
            a.to_bits() == b.to_bits() || (a - b).abs() <= tolerance * largest || a.is_nan() && b.is_nan()
        };
        let differs = |(a, b): (&f64, &f64)| !is_same(*a, *b);
        let element = expected.iter().zip(found).position(differs)?;
        let index = indices(element, &input.shape);
        Some(Change { input: input.name.clone(), index, expected: expected[element], found: found[element] })
    })
}

fn sign(random: &mut ChaCha12Rng) -> f64 {
    if random.random() { 1.0 } else { -1.0 }
}

/// ⟨x, y⟩, and the sum of the absolute values of its terms.
fn product(x: &Values, y: &Values) -> (f64, f64) {
    let terms = x.iter().flatten().zip(y.iter().flatten()).map(|(x, y)| x * y);
    terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
}

/// a · x + b · y.
fn combined(x: &Values, a: f64, y: &Values, b: f64) -> Values {
    let sum = |(x, y): (&Vec<f64>, &Vec<f64>)| x.iter().zip(y).map(|(x, y)| a * x + b * y).collect();
    x.iter().zip(y).map(sum).collect()
}

/// Proper subsets of so many inputs, none of them empty.
fn subsets(count: usize, random: &mut ChaCha12Rng) -> Vec<Vec<usize>> {
    let chosen = |is_in: &mut dyn FnMut(usize) -> bool| (0..count).filter(|input| is_in(*input)).collect::<Vec<_>>();
    let mut subsets = if count <= ALL_SUBSETS {
        (1..1usize << count).map(|bits| chosen(&mut |input| bits >> input & 1 == 1)).collect()
    } else {
        let singles = (0..count).map(|single| vec![single]);
        let others = (0..count).map(|left_out| chosen(&mut |input| input != left_out));
        let some = (0..RANDOM_SUBSETS).map(|_| chosen(&mut |_| random.random()));
        singles.chain(others).chain(some).collect::<Vec<_>>()
    };
    subsets.retain(|subset| !subset.is_empty() && subset.len() < count);
    subsets
}
