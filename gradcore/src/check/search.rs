//! The check itself: first the values, then the gradients along random directions, and where they differ, the element.

use std::cell::Cell;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::cause::{Suspect, likely};
use super::difference::{DOUBLE, Meter, Move, SINGLE, Slope};
use super::options::CheckOptions;
use super::report::{Finding, InputReport, Mismatch, Report, indices};
use super::subject::{Subject, Values};

/// Elements at kinks are taken out of a direction until the rest agrees, which then is no proof of much: such a direction
/// is followed by another, at most so many in all.
const MOST_AGAIN: usize = 5;

/// Compares the gradients of a function with differences.
pub(super) fn search(subject: &dyn Subject, options: &CheckOptions, function: Option<&'static str>) -> Report {
    let inputs = subject.inputs().into_iter().map(|input| InputReport::new(input.name, input.shape)).collect();
    let mut report = Report {
        function,
        inputs,
        seed: options.seed,
        directions: options.directions,
        evaluations: 0,
        findings: Vec::new(),
    };
    let evaluations = Cell::new(0);
    if let Err(finding) = examine(subject, options, &evaluations, &mut report) {
        report.findings.push(finding);
    }
    report.evaluations = evaluations.get();
    report
}

/// What ends the check at once is returned, what concerns one input is added to the report.
fn examine(
    subject: &dyn Subject,
    options: &CheckOptions,
    evaluations: &Cell<usize>,
    report: &mut Report,
) -> Result<(), Finding> {
    let failed = |error| Finding::Failed { error };
    let point = subject.start();
    let (outputs, single) = subject.values(&point).map_err(failed)?;
    if point.is_empty() || outputs.is_empty() {
        return Err(Finding::Nothing { input: point.is_empty() });
    }
    let (again, _) = subject.values(&point).map_err(failed)?;
    if let Some((output, element)) = first_difference(&outputs, &again) {
        return Err(Finding::Random { first: outputs[output][element], second: again[output][element] });
    }
    if let Some(value) = outputs.iter().flatten().find(|value| !value.is_finite()) {
        return Err(Finding::NotFinite { value: *value });
    }
    let mut random = ChaCha12Rng::seed_from_u64(options.seed);
    for _ in 0..options.directions {
        let weights: Values = outputs.iter().map(|output| normal(output.len(), &mut random)).collect();
        let (recorded, gradients) = subject.gradients(&point, &weights).map_err(failed)?;
        if let Some((output, element)) = first_difference(&outputs, &recorded) {
            let (plain, recorded) = (outputs[output][element], recorded[output][element]);
            return Err(Finding::OtherWhenRecorded { plain, recorded });
        }
        let precision = if single { SINGLE } else { DOUBLE };
        let meter = Meter { subject, point: &point, outputs: &outputs, weights: &weights, precision, evaluations };
        // The gradients of all inputs come from one backward pass, so moving the inputs one by one sees whatever moving
        // them together would, and more.
        for (input, values) in point.iter().enumerate() {
            for _ in 0..MOST_AGAIN {
                let settled = report.inputs[input].settled.len();
                let signs: Vec<f64> = values.iter().map(|_| if random.random() { 1.0 } else { -1.0 }).collect();
                let search = Search { meter: &meter, input, gradients: &gradients, report };
                let finding = search.run(&signs).map_err(failed)?;
                report.findings.extend(finding);
                if report.inputs[input].settled.len() == settled {
                    break;
                }
            }
        }
    }
    Ok(())
}

fn normal(size: usize, random: &mut ChaCha12Rng) -> Vec<f64> {
    (0..size).map(|_| StandardNormal.sample(random)).collect()
}

/// The first output, and the element in it, that is not the same to the bit.
fn first_difference(a: &Values, b: &Values) -> Option<(usize, usize)> {
    a.iter().zip(b).enumerate().find_map(|(output, (a, b))| {
        let element = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())?;
        Some((output, element))
    })
}

/// What an element turned out to be.
enum Verdict {
    Right,
    Wrong(Slope),
    /// The slopes of the two sides differ, and the gradient is within.
    Kink,
    /// Differences tell nothing here.
    Undecided,
}

/// The search in one input along one direction.
struct Search<'a> {
    meter: &'a Meter<'a>,
    input: usize,
    gradients: &'a Values,
    report: &'a mut Report,
}

impl Search<'_> {
    fn run(mut self, signs: &[f64]) -> Result<Option<Finding>, String> {
        let InputReport { wrong, settled, .. } = &self.report.inputs[self.input];
        if *wrong {
            return Ok(None);
        }
        let steps = signs.iter().zip(&self.meter.point[self.input]).map(|(sign, x)| sign * x.abs().max(1.0));
        let mut direction: Vec<Move> = steps.enumerate().map(|(element, by)| Move { element, by }).collect();
        direction.retain(|moved| !settled.contains(&moved.element));
        while !direction.is_empty() && self.excess(&direction)? > 0.0 {
            let moved = self.bisect(&direction)?;
            direction.retain(|other| other.element != moved.element);
            if let Some(finding) = self.settle(moved)? {
                self.report.inputs[self.input].wrong = true;
                return Ok(Some(finding));
            }
        }
        Ok(None)
    }

    /// The part of the slope along a direction that the gradient accounts for, and the norm of what it is summed from.
    fn analytic(&self, direction: &[Move]) -> (f64, f64) {
        let parts = direction.iter().map(|Move { element, by }| self.gradients[self.input][*element] * by);
        let (sum, squares) = parts.fold((0.0, 0.0), |(sum, squares), part| (sum + part, squares + part * part));
        (sum, f64::sqrt(squares))
    }

    /// By how much gradient and differences differ more than they may. Not positive if they agree.
    fn excess(&mut self, direction: &[Move]) -> Result<f64, String> {
        let (analytic, norm) = self.analytic(direction);
        let precision = self.meter.precision;
        let step = precision.steps().next().unwrap_or_default();
        let slope = self.meter.slope(self.input, direction, step)?;
        let tolerance = precision.tolerance * norm;
        // A kink makes the step sizes differ. It must not hide the other elements, so it may not add much here.
        let allowed = tolerance + slope.rounding + (10.0 * slope.estimate).min(precision.leeway * tolerance);
        let off = (analytic - slope.value).abs();
        if off <= allowed {
            let error = &mut self.report.inputs[self.input].error;
            *error = error.max(if norm > 0.0 { off / norm } else { 0.0 });
            return Ok(0.0);
        }
        Ok(if off.is_nan() { f64::INFINITY } else { off - allowed })
    }

    /// The element on which gradient and differences differ, found by halving: the difference of the whole is the sum of
    /// those of the halves, so the greater is at least half of it.
    fn bisect(&mut self, direction: &[Move]) -> Result<Move, String> {
        let mut suspects = direction;
        while suspects.len() > 1 {
            let (first, second) = suspects.split_at(suspects.len() / 2);
            suspects = if self.excess(first)? >= self.excess(second)? { first } else { second };
        }
        Ok(suspects[0])
    }

    /// Judges an element, and notes what it is.
    fn settle(&mut self, moved: Move) -> Result<Option<Finding>, String> {
        let verdict = self.verdict(moved)?;
        let input = &mut self.report.inputs[self.input];
        let index = indices(moved.element, &input.shape);
        input.settled.insert(moved.element);
        match verdict {
            Verdict::Right => {}
            Verdict::Kink => input.kinks.push(index),
            Verdict::Undecided => input.undecided.push(index),
            Verdict::Wrong(slope) => return self.mismatch(moved, slope).map(Some),
        }
        let (undecided, size) = (input.undecided.len(), input.shape.iter().product::<usize>());
        // Where most of an input tells nothing, the check has not taken place.
        Ok((2 * undecided > size).then(|| Finding::Undecided { input: input.name.clone() }))
    }

    fn verdict(&self, moved: Move) -> Result<Verdict, String> {
        let (analytic, _) = self.analytic(&[moved]);
        let mut off: Option<Slope> = None;
        let mut last = 0.0;
        for step in self.meter.precision.steps() {
            last = step;
            let slope = self.meter.slope(self.input, &[moved], step)?;
            let tolerance = self.meter.precision.tolerance * analytic.abs().max(slope.value.abs()) + slope.rounding;
            let certain = 10.0 * slope.estimate <= self.meter.precision.leeway * tolerance;
            let differs = (analytic - slope.value).abs() > tolerance + 10.0 * slope.estimate || analytic.is_nan();
            match (certain, differs) {
                (true, false) => return Ok(Verdict::Right),
                (_, true) if slope.value.is_finite() && off.is_none_or(|off| slope.estimate < off.estimate) => {
                    off = Some(slope);
                }
                _ => {}
            }
        }
        Ok(match (self.at_kink(analytic, moved, last)?, off) {
            (Some(true), _) => Verdict::Kink,
            (_, Some(slope)) => Verdict::Wrong(slope),
            _ => Verdict::Undecided,
        })
    }

    /// If the two sides have different slopes, whether the gradient is within. Where a side has none, the other counts.
    fn at_kink(&self, analytic: f64, moved: Move, step: f64) -> Result<Option<bool>, String> {
        /// How far one-sided slopes may be off.
        const ROUGH: f64 = 0.02;
        let [before, behind] = self.meter.sides(self.input, moved, step)?;
        let (low, high) = match (before.is_finite(), behind.is_finite()) {
            (true, true) => (before.min(behind), before.max(behind)),
            (true, false) => (before, before),
            (false, true) => (behind, behind),
            (false, false) => return Ok(None),
        };
        let slack = ROUGH * low.abs().max(high.abs());
        let smooth = before.is_finite() && behind.is_finite() && high - low <= slack + self.side_rounding(step);
        Ok((!smooth).then_some(analytic >= low - slack && analytic <= high + slack))
    }

    /// What rounding may do to one-sided slopes.
    fn side_rounding(&self, step: f64) -> f64 {
        let outputs = self.meter.outputs.iter().flatten().zip(self.meter.weights.iter().flatten());
        let largest = outputs.map(|(output, weight)| (output * weight).abs()).fold(0.0, f64::max);
        16.0 * self.meter.precision.rounding(largest) / step
    }

    fn mismatch(&self, moved: Move, slope: Slope) -> Result<Finding, String> {
        let input = &self.report.inputs[self.input];
        let suspect = Suspect { input: self.input, element: moved.element, slope: slope.value / moved.by };
        Ok(Finding::Wrong(Mismatch {
            input: input.name.clone(),
            index: indices(moved.element, &input.shape),
            analytic: self.gradients[self.input][moved.element],
            numeric: suspect.slope,
            cause: likely(self.meter, self.gradients, &suspect)?,
        }))
    }
}
