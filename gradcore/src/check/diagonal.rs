//! Functions that work element by element: moving all elements at once gives the slope of each.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::cause::Numeric;
use super::difference::{Change, Line, Move, Precision};
use super::ends::{End, Start};
use super::finding::Finding;
use super::layout::Layout;
use super::report::{InputReport, indices};
use super::subject::{Input, Subject, Trouble, Values, Way};
use super::verdict::{Verdict, judge};

/// An element of an output: the output, and the place in it.
type OutputElement = (usize, usize);

/// A function whose outputs depend on the elements at their own places alone.
pub(super) struct Diagonal<'a> {
    subject: &'a dyn Subject,
    start: &'a Start,
    /// For each element of each input, what depends on it.
    dependents: Vec<Vec<Vec<OutputElement>>>,
    /// The outputs where an input is moved by a distance, once they are known.
    moved: RefCell<HashMap<(usize, u64), Rc<Values>>>,
    evaluations: &'a Cell<usize>,
}

impl<'a> Diagonal<'a> {
    /// Fails if the function is not of this kind.
    pub(super) fn new(subject: &'a dyn Subject, start: &'a Start, evaluations: &'a Cell<usize>) -> Result<Self, End> {
        let inputs = subject.inputs();
        let shapes = &start.outputs.shapes;
        let dependents = inputs.iter().map(|input| dependents(input, shapes)).collect::<Result<_, Finding>>()?;
        let diagonal = Diagonal { subject, start, dependents, moved: RefCell::default(), evaluations };
        for (number, input) in inputs.iter().enumerate() {
            diagonal.refuse_mixing(number, input)?;
        }
        Ok(diagonal)
    }

    /// The outputs where each element of an input is moved by a distance, times its sign.
    fn evaluate(&self, input: usize, distance: f64, sign: impl Fn(usize) -> f64) -> Result<Values, Trouble> {
        self.evaluations.update(|evaluations| evaluations + 1);
        let mut point = self.start.point.clone();
        for (element, x) in point[input].iter_mut().enumerate() {
            *x += sign(element) * distance * Move::of(element, *x).by;
        }
        Ok(self.subject.values(&point, Layout::Own)?.values)
    }

    /// The outputs where all elements of an input are moved by a distance.
    fn at(&self, input: usize, distance: f64) -> Result<Rc<Values>, Trouble> {
        let key = (input, distance.to_bits());
        if let Some(known) = self.moved.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let outputs = Rc::new(self.evaluate(input, distance, |_| 1.0)?);
        self.moved.borrow_mut().insert(key, Rc::clone(&outputs));
        Ok(outputs)
    }

    /// Moves elements up or down by the digits of their number: any two elements move apart in one of the cases. An output
    /// that depends on its own element alone is then as if all had moved as that one.
    fn refuse_mixing(&self, number: usize, input: &Input) -> Result<(), End> {
        let size = self.dependents[number].len();
        let Precision { step, epsilon, .. } = self.start.precision;
        for digit in 0..usize::BITS - size.saturating_sub(1).leading_zeros() {
            let is_up = |element: usize| element >> digit & 1 == 1;
            let (up, down) = (self.at(number, step)?, self.at(number, -step)?);
            let mixed = self.evaluate(number, step, |element| if is_up(element) { 1.0 } else { -1.0 })?;
            for (element, places) in self.dependents[number].iter().enumerate() {
                let alone = if is_up(element) { &up } else { &down };
                let differs = |(output, place): &&OutputElement| {
                    let (a, b) = (alone[*output][*place], mixed[*output][*place]);
                    (a - b).abs() > 8.0 * epsilon * a.abs().max(b.abs()) || a.is_nan() != b.is_nan()
                };
                if let Some((output, place)) = places.iter().find(differs) {
                    let index = Some(indices(*place, &self.start.outputs.shapes[*output]));
                    return Err(Finding::NotElementwise { input: input.name.clone(), output: *output, index }.into());
                }
            }
        }
        Ok(())
    }

    /// Judges each element of an input, and notes what it is. Wrong ones are returned with what differences say.
    pub(super) fn wrong(
        &self,
        input: usize,
        weights: &Values,
        gradients: &Values,
        report: &mut InputReport,
    ) -> Result<Vec<(usize, f64)>, Trouble> {
        let mut wrong = Vec::new();
        for (element, gradient) in gradients[input].iter().enumerate() {
            if report.settled.contains(&element) {
                continue;
            }
            let line = self.line(input, element, weights);
            match judge(&line, gradient * line.by)? {
                Verdict::Wrong(slope) => wrong.push((element, slope / line.by)),
                Verdict::Right(error) => report.accept(error),
                verdict => report.settle(element, &verdict),
            }
        }
        Ok(wrong)
    }

    fn line<'l>(&'l self, input: usize, element: usize, weights: &'l Values) -> Element<'l> {
        let by = Move::of(element, self.start.point[input][element]).by;
        Element { diagonal: self, input, dependents: &self.dependents[input][element], weights, by }
    }
}

/// For each element of an input, the places that depend on it.
fn dependents(input: &Input, shapes: &[Vec<usize>]) -> Result<Vec<Vec<OutputElement>>, Finding> {
    let mut dependents = vec![Vec::new(); input.shape.iter().product()];
    for (output, shape) in shapes.iter().enumerate() {
        let broadcasts = input.shape.iter().rev().zip(shape.iter().rev()).all(|(size, to)| size == to || *size == 1);
        if !broadcasts || input.shape.len() > shape.len() {
            return Err(Finding::NotElementwise { input: input.name.clone(), output, index: None });
        }
        for place in 0..shape.iter().product() {
            let index = indices(place, shape);
            let axes = input.shape.iter().zip(&index[shape.len() - input.shape.len()..]);
            let element = axes.fold(0, |element, (size, at)| element * size + if *size == 1 { 0 } else { *at });
            dependents[element].push((output, place));
        }
    }
    Ok(dependents)
}

/// One element, all others moving along.
struct Element<'a> {
    diagonal: &'a Diagonal<'a>,
    input: usize,
    dependents: &'a [OutputElement],
    weights: &'a Values,
    by: f64,
}

impl Line for Element<'_> {
    fn precision(&self) -> Precision {
        self.diagonal.start.precision
    }

    /// Where a function works element by element, another shape ends the check at once.
    fn expect_shapes(&self, _: [f64; 2]) -> Result<(), Trouble> {
        Ok(())
    }

    fn change(&self, from: f64, to: f64) -> Result<Change, Trouble> {
        let (before, after) = (self.diagonal.at(self.input, from)?, self.diagonal.at(self.input, to)?);
        let mut change = Change::default();
        for (output, place) in self.dependents {
            change.add(self.weights[*output][*place], after[*output][*place], before[*output][*place]);
        }
        Ok(change)
    }
}

impl Numeric for Diagonal<'_> {
    fn slope(&self, weights: &Values, input: usize, element: usize) -> Result<Option<f64>, Trouble> {
        let line = self.line(input, element, weights);
        Ok(line.slope(self.start.precision.step)?.known().map(|slope| slope / line.by))
    }

    fn gradients(&self, weights: &Values) -> Result<Values, Trouble> {
        Ok(self.subject.gradients(&self.start.point, weights, &Way::Usual)?.1)
    }
}
