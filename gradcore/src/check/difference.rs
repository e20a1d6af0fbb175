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
}

pub(super) const DOUBLE: Precision =
    Precision { tolerance: 1e-8, leeway: 100.0, step: 1e-3, narrower: 8.0, narrowings: 5, epsilon: f64::EPSILON };
pub(super) const SINGLE: Precision =
    Precision { tolerance: 2e-3, leeway: 1.0, step: 0.03, narrower: 4.0, narrowings: 3, epsilon: f32::EPSILON as f64 };

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
    /// The slope, where it is far from zero and well known.
    pub(super) fn known(self) -> Option<f64> {
        (self.value.abs() > 100.0 * (self.estimate + self.rounding)).then_some(self.value)
    }
}

/// By how much ⟨weights, f⟩ changed.
#[derive(Default)]
pub(super) struct Change {
    value: f64,
    /// The squares of the terms that changed. What stays the same to the bit has no rounding error.
    squares: f64,
}

impl Change {
    /// Adds a term that became `a` after it was `b`.
    pub(super) fn add(&mut self, weight: f64, a: f64, b: f64) {
        self.value += weight * (a - b);
        if a.to_bits() != b.to_bits() {
            self.squares += (weight * a.abs().max(b.abs())).powi(2);
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
        let rounding = self.precision().epsilon * (4.0 * middle.squares.sqrt() + value.abs()) / step;
        Ok(Slope { value, estimate: (value - narrower).abs(), rounding })
    }

    /// The slopes of the two sides, before and behind the point.
    fn sides(&self, step: f64) -> Result<[f64; 2], Trouble> {
        let side = |step: f64| -> Result<f64, Trouble> {
            Ok((4.0 * self.change(0.0, step)?.value - self.change(0.0, 2.0 * step)?.value) / (2.0 * step))
        };
        Ok([side(-step)?, side(step)?])
    }

    /// What the noise of f may do to a slope. The noise is the part of f that no polynomial follows, as rounding within f
    /// is: it shows in high differences of close points (Moré and Wild, Estimating Computational Noise, 2011).
    fn noise(&self, step: f64) -> Result<f64, Trouble> {
        const POINTS: i32 = 9;
        /// The fifth differences, 4 of them, and the sixth, 3, of independent noise have C(2k, k) times its variance each.
        const PARTS: [f64; 2] = [1.0 / (4.0 * 252.0), 1.0 / (3.0 * 924.0)];
        /// Of the standard deviation. The slope itself has about 1 / step of it.
        const SURE: f64 = 8.0;
        let spacing = step / 64.0;
        let value = |point: i32| self.change(0.0, spacing * f64::from(point - POINTS / 2)).map(|change| change.value);
        let mut differences: Vec<f64> = (0..POINTS).map(value).collect::<Result<_, _>>()?;
        (0..4).for_each(|_| take_differences(&mut differences));
        let mut variance = 0.0;
        for part in PARTS {
            take_differences(&mut differences);
            let squares = differences.iter().map(|difference| part * difference * difference);
            // Whatever is not finite stays so.
            variance += squares.sum::<f64>();
        }
        Ok(SURE * f64::sqrt(variance) / step)
    }
}

fn take_differences(values: &mut Vec<f64>) {
    *values = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
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
    fn outputs_at(&self, distance: f64) -> Result<Values, Trouble> {
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
