//! Slopes of a function along directions, by differences.

use std::cell::Cell;

use super::layout::Layout;
use super::subject::{Subject, Trouble, Values};

/// How exactly a slope can be known.
#[derive(Clone, Copy)]
pub(super) struct Precision {
    /// How far a gradient may be off, in proportion to its norm.
    pub(super) tolerance: f64,
    /// How many tolerances the difference between two step sizes may add.
    pub(super) leeway: f64,
    /// Half the distance of the inner points. The error of the four-point difference is of its fourth power.
    pub(super) step: f64,
    /// By how much a step is narrowed where a function is rough, and how often.
    narrower: f64,
    narrowings: i32,
    /// The distance from 1 to the next number.
    pub(super) epsilon: f64,
    /// What is smaller may be lost on the way.
    smallest: f64,
}

const DOUBLE: Precision = Precision {
    tolerance: 1e-8,
    leeway: 100.0,
    step: 1e-3,
    narrower: 8.0,
    narrowings: 5,
    epsilon: f64::EPSILON,
    smallest: 1024.0 * f64::MIN_POSITIVE,
};
const SINGLE: Precision = Precision {
    tolerance: 2e-3,
    leeway: 1.0,
    step: 0.03,
    narrower: 4.0,
    narrowings: 3,
    epsilon: f32::EPSILON as f64,
    smallest: 1024.0 * f32::MIN_POSITIVE as f64,
};

impl Precision {
    pub(super) fn of(single: bool) -> Self {
        if single { SINGLE } else { DOUBLE }
    }

    /// By which part two ways to the same gradient may differ.
    pub(super) fn same(self) -> f64 {
        256.0 * self.epsilon
    }

    /// The usual step first.
    pub(super) fn steps(self) -> impl Iterator<Item = f64> {
        (0..=self.narrowings).map(move |narrowing| self.step / self.narrower.powi(narrowing))
    }
}

/// By how much an element of an input is moved for each unit along a direction.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub(super) element: usize,
    pub(super) by: f64,
}

impl Move {
    /// Steps are in proportion to max(|x|, 1).
    pub(super) fn of(element: usize, x: f64) -> Self {
        Move { element, by: x.abs().max(1.0) }
    }
}

/// A slope, and how well it is known.
#[derive(Clone, Copy)]
pub(super) struct Slope {
    pub(super) value: f64,
    /// By how much two step sizes differ.
    pub(super) estimate: f64,
    /// What rounding to the dtype may have done to it.
    pub(super) rounding: f64,
}

impl Slope {
    /// Whether nothing changed along the line.
    pub(super) fn is_flat(self) -> bool {
        self.value == 0.0 && self.estimate == 0.0
    }

    /// The slope, where it is far from zero and well known.
    pub(super) fn known(self) -> Option<f64> {
        (self.value.abs() > 100.0 * (self.estimate + self.rounding)).then_some(self.value)
    }
}

/// By how much ⟨weights, f⟩ changed.
#[derive(Default)]
pub(super) struct Change {
    value: f64,
    /// The norm of the terms that changed. What stays the same to the bit has no rounding error.
    norm: f64,
}

impl Change {
    /// Adds a term that became `a` after it was `b`.
    pub(super) fn add(&mut self, weight: f64, a: f64, b: f64) {
        self.value += weight * (a - b);
        if a.to_bits() != b.to_bits() {
            self.norm = self.norm.hypot(weight * a.abs().max(b.abs()));
        }
    }
}

/// ⟨weights, f⟩ along a direction.
pub(super) trait Line {
    fn precision(&self) -> Precision;

    /// Its change from one distance to another.
    fn change(&self, from: f64, to: f64) -> Result<Change, Trouble>;

    /// The slope, by four-point differences of two step sizes.
    fn slope(&self, step: f64) -> Result<Slope, Trouble> {
        let around = |distance: f64| self.change(-distance, distance);
        let (near, middle, far) = (around(step / 2.0)?.value, around(step)?, around(2.0 * step)?.value);
        let value = (8.0 * middle.value - far) / (12.0 * step);
        let narrower = (8.0 * near - middle.value) / (6.0 * step);
        // The second part is the rounding of the moved elements.
        let Precision { epsilon, smallest, .. } = self.precision();
        let rounding = epsilon * (4.0 * middle.norm + value.abs()) / step + smallest;
        Ok(Slope { value, estimate: (value - narrower).abs(), rounding })
    }

    /// Fails if an output has another shape at one of the distances from the point.
    fn expect_shapes(&self, distances: [f64; 2]) -> Result<(), Trouble>;

    /// The slopes of the two sides, before and behind the point, where the value at the point itself does not count: it may
    /// be that of the other side of a jump.
    fn sides_beside(&self, step: f64) -> Result<[f64; 2], Trouble> {
        let side = |step: f64| -> Result<f64, Trouble> {
            let (near, far) = (self.change(step, 2.0 * step)?.value, self.change(step, 3.0 * step)?.value);
            Ok((8.0 * near - 3.0 * far) / (2.0 * step))
        };
        // As far as `sides` goes.
        let step = step * 2.0 / 3.0;
        Ok([side(-step)?, side(step)?])
    }

    /// The slopes of the two sides, before and behind the point.
    fn sides(&self, step: f64) -> Result<[f64; 2], Trouble> {
        let side = |step: f64| -> Result<f64, Trouble> {
            Ok((4.0 * self.change(0.0, step)?.value - self.change(0.0, 2.0 * step)?.value) / (2.0 * step))
        };
        Ok([side(-step)?, side(step)?])
    }

    /// What the noise of f may do to a slope; infinite if f is not finite nearby.
    ///
    /// The noise is the part of f that no polynomial follows, as rounding within f is. It shows in high differences (Moré
    /// and Wild, Estimating Computational Noise, 2011), here at irregular points: at regular ones a line that is rounded to
    /// whole numbers may look like a line.
    fn noise(&self, step: f64) -> Result<f64, Trouble> {
        self.noise_around(0.0, step)
    }

    /// As [`noise`](Self::noise), of f around another point.
    fn noise_around(&self, center: f64, step: f64) -> Result<f64, Trouble> {
        /// In steps.
        const POINTS: [f64; 13] =
            [-0.967, -0.813, -0.659, -0.478, -0.331, -0.148, 0.0, 0.171, 0.309, 0.497, 0.641, 0.823, 0.983];
        /// A difference of 6 points vanishes for polynomials of degree 4.
        const TAKEN: usize = 6;
        /// Of the standard deviation. The slope itself has about 1 / step of it.
        const SURE: f64 = 8.0;
        let value = |point: &f64| Ok((*point, self.change(0.0, center + step * point)?.value));
        let values: Vec<(f64, f64)> = POINTS.iter().map(value).collect::<Result<_, Trouble>>()?;
        let differences = values.windows(TAKEN).map(divided_difference);
        let (squares, count) = differences.fold((0.0, 0.0), |(sum, count), value| (sum + value * value, count + 1.0));
        let deviation = f64::sqrt(squares / count);
        Ok(if deviation.is_finite() { SURE * deviation / step } else { f64::INFINITY })
    }
}

/// Newton's divided difference, scaled so that independent noise keeps its standard deviation.
fn divided_difference(points: &[(f64, f64)]) -> f64 {
    let weight =
        |at: &f64| points.iter().map(|(x, _)| at - x).filter(|distance| *distance != 0.0).product::<f64>().recip();
    let (sum, norm) = points
        .iter()
        .fold((0.0, 0.0), |(sum, norm), (x, value)| (sum + weight(x) * value, f64::hypot(norm, weight(x))));
    sum / norm
}

/// Measures the slopes of ⟨weights, f⟩ at a point.
#[derive(Clone, Copy)]
pub(super) struct Meter<'s> {
    pub(super) subject: &'s dyn Subject,
    pub(super) point: &'s Values,
    /// The outputs there.
    pub(super) outputs: &'s Values,
    pub(super) weights: &'s Values,
    pub(super) precision: Precision,
    pub(super) evaluations: &'s Cell<usize>,
}

impl<'s> Meter<'s> {
    pub(super) fn along<'m>(&'m self, input: usize, direction: &'m [Move]) -> Along<'m, 's> {
        Along { meter: self, input, direction }
    }
}

/// A direction in one input.
pub(super) struct Along<'m, 's> {
    meter: &'m Meter<'s>,
    input: usize,
    direction: &'m [Move],
}

impl Along<'_, '_> {
    /// Where an output has another shape, the function is as little defined as where it is not finite.
    fn outputs_at(&self, distance: f64) -> Result<Values, Trouble> {
        match self.evaluate(distance) {
            Err(Trouble::Reshaped(_)) => {
                Ok(self.meter.outputs.iter().map(|output| vec![f64::NAN; output.len()]).collect())
            }
            outputs => outputs,
        }
    }

    fn evaluate(&self, distance: f64) -> Result<Values, Trouble> {
        self.meter.evaluations.set(self.meter.evaluations.get() + 1);
        let mut point = self.meter.point.clone();
        for Move { element, by } in self.direction {
            point[self.input][*element] += distance * by;
        }
        Ok(self.meter.subject.values(&point, Layout::Own)?.values)
    }
}

impl Line for Along<'_, '_> {
    fn precision(&self) -> Precision {
        self.meter.precision
    }

    fn expect_shapes(&self, distances: [f64; 2]) -> Result<(), Trouble> {
        distances.into_iter().try_for_each(|distance| self.evaluate(distance).map(drop))
    }

    fn change(&self, from: f64, to: f64) -> Result<Change, Trouble> {
        let here = self.meter.outputs;
        let before = if from == 0.0 { here } else { &self.outputs_at(from)? };
        let after = if to == 0.0 { here } else { &self.outputs_at(to)? };
        let mut change = Change::default();
        for (weights, (a, b)) in self.meter.weights.iter().zip(after.iter().zip(before)) {
            weights.iter().zip(a.iter().zip(b)).for_each(|(weight, (a, b))| change.add(*weight, *a, *b));
        }
        Ok(change)
    }
}
