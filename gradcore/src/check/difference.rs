//! Slopes of a function along directions, by differences.

use std::cell::Cell;

use super::subject::{Subject, Values};

/// How exactly a slope can be known.
#[derive(Clone, Copy)]
pub(super) struct Precision {
    /// How far a gradient may be off, in proportion to its norm.
    pub(super) tolerance: f64,
    /// How many tolerances the difference between two step sizes may add.
    pub(super) leeway: f64,
    /// Half the distance of the inner points. The error of the four-point difference is of its fourth power.
    step: f64,
    /// By how much a step is narrowed where a function is rough, and how often.
    narrower: f64,
    narrowings: i32,
    /// The distance from 1 to the next number.
    epsilon: f64,
}

pub(super) const DOUBLE: Precision =
    Precision { tolerance: 1e-8, leeway: 100.0, step: 1e-3, narrower: 8.0, narrowings: 2, epsilon: f64::EPSILON };
pub(super) const SINGLE: Precision =
    Precision { tolerance: 2e-3, leeway: 1.0, step: 0.03, narrower: 4.0, narrowings: 1, epsilon: f32::EPSILON as f64 };

impl Precision {
    /// The usual step first.
    pub(super) fn steps(self) -> impl Iterator<Item = f64> {
        (0..=self.narrowings).map(move |narrowing| self.step / self.narrower.powi(narrowing))
    }

    /// By how much a number of this size may be rounded.
    pub(super) fn rounding(self, size: f64) -> f64 {
        self.epsilon * size
    }
}

/// By how much an element of an input is moved for each unit along a direction.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub(super) element: usize,
    pub(super) by: f64,
}

/// A slope, and how well it is known.
#[derive(Clone, Copy)]
pub(super) struct Slope {
    pub(super) value: f64,
    /// By how much two step sizes differ.
    pub(super) estimate: f64,
    /// What rounding of the outputs may have done to it.
    pub(super) rounding: f64,
}

/// Measures the slopes of ⟨weights, f⟩ at a point.
pub(super) struct Meter<'s> {
    pub(super) subject: &'s dyn Subject,
    pub(super) point: &'s Values,
    /// The outputs there.
    pub(super) outputs: &'s Values,
    pub(super) weights: &'s Values,
    pub(super) precision: Precision,
    pub(super) evaluations: &'s Cell<usize>,
}

impl Meter<'_> {
    /// The outputs at a distance along a direction.
    fn outputs_at(&self, input: usize, direction: &[Move], distance: f64) -> Result<Values, String> {
        self.evaluations.set(self.evaluations.get() + 1);
        let mut point = self.point.clone();
        for Move { element, by } in direction {
            point[input][*element] += distance * by;
        }
        Ok(self.subject.values(&point)?.0)
    }

    /// ⟨weights, a - b⟩. What did not change counts for nothing, also for rounding.
    fn change(&self, a: &Values, b: &Values) -> f64 {
        let terms = self.terms(a, b).map(|(weight, a, b)| weight * (a - b));
        terms.sum()
    }

    fn terms<'a>(&'a self, a: &'a Values, b: &'a Values) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
        let tensors = self.weights.iter().zip(a.iter().zip(b));
        tensors
            .flat_map(|(weights, (a, b))| weights.iter().zip(a.iter().zip(b)).map(|(weight, (a, b))| (*weight, *a, *b)))
    }

    /// The rounding of [`Meter::change`], were it divided by `step`.
    fn rounding(&self, a: &Values, b: &Values, step: f64) -> f64 {
        let changed = self.terms(a, b).filter(|(_, a, b)| a.to_bits() != b.to_bits());
        let squares: f64 = changed.map(|(weight, a, b)| (weight * a.abs().max(b.abs())).powi(2)).sum();
        4.0 * self.precision.epsilon * squares.sqrt() / step
    }

    /// The slope along a direction, by four-point differences of two step sizes.
    pub(super) fn slope(&self, input: usize, direction: &[Move], step: f64) -> Result<Slope, String> {
        let around = |distance: f64| -> Result<(Values, Values), String> {
            Ok((self.outputs_at(input, direction, distance)?, self.outputs_at(input, direction, -distance)?))
        };
        let (half, one, two) = (around(step / 2.0)?, around(step)?, around(2.0 * step)?);
        let [near, middle, far] = [&half, &one, &two].map(|(above, below)| self.change(above, below));
        let value = (8.0 * middle - far) / (12.0 * step);
        let narrower = (8.0 * near - middle) / (6.0 * step);
        let rounding = self.rounding(&one.0, &one.1, step);
        Ok(Slope { value, estimate: (value - narrower).abs(), rounding })
    }

    /// The slopes of the two sides, before and behind the point.
    pub(super) fn sides(&self, input: usize, moved: Move, step: f64) -> Result<[f64; 2], String> {
        let side = |step: f64| -> Result<f64, String> {
            let (one, two) = (self.outputs_at(input, &[moved], step)?, self.outputs_at(input, &[moved], 2.0 * step)?);
            Ok((4.0 * self.change(&one, self.outputs) - self.change(&two, self.outputs)) / (2.0 * step))
        };
        Ok([side(-step)?, side(step)?])
    }
}
