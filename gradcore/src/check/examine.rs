//! The order of a check: values, gradients, second derivatives, then what holds for every gradient.

use std::cell::Cell;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::cause::{Numeric, Suspect, likely};
use super::diagonal::Diagonal;
use super::difference::{Meter, Precision};
use super::ends::{End, Start};
use super::finding::{Cause, Finding, Mismatch};
use super::layout::Layout;
use super::length::OfLength;
use super::options::{CheckOptions, Exempt};
use super::report::{InputReport, Report, Second, WrongElement, indices};
use super::search::{Found, Search};
use super::second::OfGradient;
use super::structure::Structure;
use super::subject::{Subject, Twice, Values, Way};

/// Elements at kinks are taken out of a direction until the rest agrees, which then is no proof of much: such a direction
/// is followed by another, at most so many in all.
const MOST_AGAIN: usize = 5;

/// Checks a function.
pub(super) fn examine(subject: &dyn Twice, options: &CheckOptions, function: Option<&'static str>) -> Report {
    let evaluations = Cell::new(0);
    let mut examination = Examination::new(subject, options, 1, &evaluations);
    let mut second = None;
    let ended = examination.run().and_then(|start| {
        if options.order > 1 {
            second = Some(examination.second(subject, &start)?);
        }
        if options.any_length {
            examination.lengths(&start);
        }
        Ok(())
    });
    examination.findings.extend(ended.err().map(End::finding));
    let CheckOptions { seed, directions, .. } = *options;
    let Examination { inputs, findings, .. } = examination;
    let (evaluations, exempt) = (evaluations.get(), options.exempt.clone());
    Report { function, inputs, second, seed, directions, evaluations, exempt, findings }
}

/// The check of a function, or of its gradient.
struct Examination<'a> {
    subject: &'a dyn Subject,
    options: &'a CheckOptions,
    order: usize,
    random: ChaCha12Rng,
    evaluations: &'a Cell<usize>,
    inputs: Vec<InputReport>,
    findings: Vec<Finding>,
}

impl<'a> Examination<'a> {
    fn new(subject: &'a dyn Subject, options: &'a CheckOptions, order: usize, evaluations: &'a Cell<usize>) -> Self {
        let inputs = subject.inputs().into_iter().map(|input| InputReport::new(input.name, input.shape)).collect();
        let random = ChaCha12Rng::seed_from_u64(options.seed);
        Examination { subject, options, order, random, evaluations, inputs, findings: Vec::new() }
    }

    fn run(&mut self) -> Result<Start, End> {
        let start = self.start()?;
        if self.options.exempt.is_none() {
            self.compare(&start)?;
        }
        self.structure(&start)?;
        Ok(start)
    }

    fn start(&self) -> Result<Start, End> {
        let point = self.subject.start();
        let outputs = self.subject.values(&point, Layout::Own)?;
        if point.is_empty() || outputs.values.is_empty() {
            return Err(Finding::Nothing { input: point.is_empty() }.into());
        }
        let again = self.subject.values(&point, Layout::Own)?.values;
        if let Some((first, second)) = first_difference(&outputs.values, &again) {
            return Err(Finding::Random { first, second }.into());
        }
        if let Some(value) = outputs.values.iter().flatten().find(|value| !value.is_finite()) {
            return Err(Finding::NotFinite { value: *value }.into());
        }
        let precision = Precision::of(outputs.single);
        Ok(Start { point, outputs, precision })
    }

    /// Compares the gradients with differences.
    fn compare(&mut self, start: &Start) -> Result<(), End> {
        let diagonal = match self.options.elementwise && self.order == 1 {
            true => Some(Diagonal::new(self.subject, start, self.evaluations)?),
            false => None,
        };
        for _ in 0..self.options.directions {
            let weights = normal(&start.outputs.values, &mut self.random);
            let gradients = self.recorded(start, &weights)?;
            match &diagonal {
                Some(diagonal) => self.every_element(diagonal, &weights, &gradients)?,
                None => self.along_directions(start, &weights, &gradients)?,
            }
        }
        Ok(())
    }

    /// The gradients. The values of a function that a tape records are the same to the bit; a gradient may be computed in
    /// another way where it is to be differentiated.
    fn recorded(&self, start: &Start, weights: &Values) -> Result<Values, End> {
        let (recorded, gradients) = self.subject.gradients(&start.point, weights, &Way::Usual)?;
        match first_difference(&start.outputs.values, &recorded) {
            Some((plain, recorded)) if self.order == 1 => Err(Finding::OtherWhenRecorded { plain, recorded }.into()),
            _ => Ok(gradients),
        }
    }

    /// The gradients of all inputs come from one backward pass, so moving the inputs one by one sees whatever moving them
    /// together would, and more.
    fn along_directions(&mut self, start: &Start, weights: &Values, gradients: &Values) -> Result<(), End> {
        let Start { point, outputs, precision } = start;
        let (subject, evaluations, precision) = (self.subject, self.evaluations, *precision);
        let meter = Meter { subject, point, outputs: &outputs.values, weights, precision, evaluations };
        for (input, values) in point.iter().enumerate() {
            for _ in 0..MOST_AGAIN {
                let report = &mut self.inputs[input];
                let settled = report.settled.len();
                if report.is_done() {
                    break;
                }
                let signs: Vec<f64> = values.iter().map(|_| if self.random.random() { 1.0 } else { -1.0 }).collect();
                let found = Search { meter: &meter, input, gradients, report }.run(&signs)?;
                match found {
                    Found::Agreement => {}
                    Found::Wrong(element, slope) => {
                        self.wrong(&meter, weights, gradients, input, &[(element, slope)])?;
                    }
                    Found::Inconclusive => self.inconclusive(input),
                }
                if self.inputs[input].settled.len() == settled {
                    break;
                }
            }
        }
        Ok(())
    }

    fn every_element(&mut self, diagonal: &Diagonal<'_>, weights: &Values, gradients: &Values) -> Result<(), End> {
        for input in 0..self.inputs.len() {
            if self.inputs[input].is_done() {
                continue;
            }
            let wrong = diagonal.wrong(input, weights, gradients, &mut self.inputs[input])?;
            if !wrong.is_empty() {
                self.wrong(diagonal, weights, gradients, input, &wrong)?;
            } else if self.inputs[input].is_mostly_inconclusive() {
                self.inconclusive(input);
            }
        }
        Ok(())
    }

    fn inconclusive(&mut self, input: usize) {
        self.inputs[input].given_up = true;
        self.findings.push(Finding::Inconclusive { input: self.inputs[input].name.clone() });
    }

    /// Notes wrong elements, each with what differences say. The first is told with the likely cause.
    fn wrong(
        &mut self,
        numeric: &dyn Numeric,
        weights: &Values,
        gradients: &Values,
        input: usize,
        wrong: &[(usize, f64)],
    ) -> Result<(), End> {
        let report = &mut self.inputs[input];
        let (element, slope) = wrong[0];
        let suspect = Suspect { input, element, slope, shape: &report.shape, weights, gradients };
        let cause = match likely(numeric, &suspect)? {
            Some(Cause::NoGradient) if self.order > 1 => Some(Cause::Unseen),
            cause => cause,
        };
        report.wrong.extend(wrong.iter().map(|(element, slope)| WrongElement {
            index: indices(*element, &report.shape),
            analytic: gradients[input][*element],
            numeric: *slope,
        }));
        let WrongElement { index, analytic, numeric } = report.wrong[0].clone();
        let (order, input) = (self.order, report.name.clone());
        self.findings.push(Finding::Wrong(Mismatch { order, input, index, analytic, numeric, cause }));
        Ok(())
    }

    /// Checks what holds for every gradient.
    fn structure(&mut self, start: &Start) -> Result<(), End> {
        let weights = [(); 2].map(|()| normal(&start.outputs.values, &mut self.random));
        let usual = self.recorded(start, &weights[0])?;
        let structure = Structure {
            subject: self.subject,
            inputs: self.subject.inputs(),
            point: &start.point,
            weights: &weights,
            usual,
            precision: start.precision,
            right: self.inputs.iter().map(|input| input.wrong.is_empty()).collect(),
            linear: !matches!(self.options.exempt, Some(Exempt::Linear(_))),
        };
        self.findings.extend(structure.findings(&mut self.random));
        Ok(())
    }

    /// Checks the gradient as a function of its own.
    fn second(&mut self, twice: &dyn Twice, start: &Start) -> Result<Second, End> {
        let upstream = normal(&start.outputs.values, &mut self.random);
        let subject = OfGradient { twice, point: &start.point, upstream, outputs: &start.outputs };
        let mut examination = Examination::new(&subject, self.options, 2, self.evaluations);
        let ended = examination.start().and_then(|start| {
            examination.compare(&start)?;
            let weights = normal(&start.outputs.values, &mut examination.random);
            examination.findings.extend(subject.persistent(&weights, start.precision)?);
            Ok(())
        });
        self.findings.append(&mut examination.findings);
        match ended {
            Ok(()) => Ok(Second::Compared(examination.inputs)),
            Err(End::Refused(reason)) => Ok(Second::Refused(reason)),
            Err(end) => Err(end),
        }
    }

    /// Checks the function at inputs without elements, and of one.
    fn lengths(&mut self, start: &Start) {
        for length in [0, 1] {
            if start.point.iter().any(|values| values.len() < length) {
                continue;
            }
            let subject = OfLength { subject: self.subject, length };
            let mut examination = Examination::new(&subject, self.options, 1, self.evaluations);
            let ended = examination.run().err().map(End::finding);
            let findings = examination.findings.into_iter().chain(ended);
            self.findings.extend(findings.map(|finding| Finding::Length { length, finding: Box::new(finding) }));
        }
    }
}

/// Normally distributed weights of outputs. Where outputs are huge the weights are small, so that gradients do not overflow.
fn normal(outputs: &Values, random: &mut ChaCha12Rng) -> Values {
    const HUGE: f64 = 1e6;
    let largest = outputs.iter().flatten().fold(1.0, |largest: f64, output| largest.max(output.abs()));
    let scale = if largest < HUGE { 1.0 } else { f64::exp2(-largest.log2().ceil()) };
    let mut weights = StandardNormal.sample_iter(random).map(|weight: f64| scale * weight);
    outputs.iter().map(|values| weights.by_ref().take(values.len()).collect()).collect()
}

/// The first elements that are not the same to the bit.
fn first_difference(a: &Values, b: &Values) -> Option<(f64, f64)> {
    let mut elements = a.iter().flatten().copied().zip(b.iter().flatten().copied());
    elements.find(|(a, b)| a.to_bits() != b.to_bits())
}
