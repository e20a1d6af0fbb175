//! The search in one input along a random direction: where gradient and differences differ, halving finds the element.

use super::cause::Numeric;
use super::difference::{Line, Meter, Move};
use super::report::InputReport;
use super::subject::{Trouble, Values, Way};
use super::verdict::{Verdict, judge};

/// So many elements may drown the others in noise, each of which is found and left out.
const MOST_NOISY: usize = 16;

/// What a direction told.
pub(super) enum Found {
    /// Nothing is wrong with it.
    Agreement,
    /// An element is wrong: its place and what differences say of it.
    Wrong(usize, f64),
    /// Differences tell nothing about most of the input.
    Inconclusive,
}

/// By how much gradient and differences differ along a direction.
struct Excess {
    /// By how much more than they may. Not positive if they agree.
    over: f64,
    /// At all.
    off: f64,
    /// The norm of the gradient along the direction.
    norm: f64,
    /// What noise may amount to: an error that can hide in it is small.
    resolved: f64,
}

/// The search in one input along one direction.
pub(super) struct Search<'a> {
    pub(super) meter: &'a Meter<'a>,
    pub(super) input: usize,
    pub(super) gradients: &'a Values,
    pub(super) report: &'a mut InputReport,
}

impl Search<'_> {
    pub(super) fn run(mut self, signs: &[f64]) -> Result<Found, Trouble> {
        let mut direction: Vec<Move> = (self.meter.point[self.input].iter().zip(signs).enumerate())
            .map(|(element, (x, sign))| Move { by: sign * Move::of(element, *x).by, element })
            .filter(|moved| !self.report.settled.contains(&moved.element))
            .collect();
        let mut noisy = 0;
        while !direction.is_empty() {
            let excess = self.excess(&direction)?;
            if excess.over <= 0.0 {
                break;
            }
            let noise = if direction.len() > 1 { self.noise(&direction)? } else { 0.0 };
            let is_drowned = excess.off <= noise;
            if is_drowned && noise <= excess.resolved {
                self.report.accept(excess.off / excess.norm);
                break;
            }
            let moved = if is_drowned { self.noisiest(&direction)? } else { self.bisect(&direction)? };
            direction.retain(|other| other.element != moved.element);
            let verdict = self.verdict(moved)?;
            if let Verdict::Wrong(slope) = verdict {
                return Ok(Found::Wrong(moved.element, slope / moved.by));
            }
            self.report.settle(moved.element, &verdict);
            // Where the noise is infinite a step leaves the domain of the function, which a narrower one need not.
            noisy += usize::from(is_drowned && noise.is_finite() && !matches!(verdict, Verdict::Kink));
            if self.report.is_mostly_inconclusive() || noisy > MOST_NOISY {
                return Ok(Found::Inconclusive);
            }
        }
        Ok(Found::Agreement)
    }

    /// The part of the slope along a direction that the gradient accounts for, and the norm of what it is summed from.
    fn analytic(&self, direction: &[Move]) -> (f64, f64) {
        let parts = direction.iter().map(|Move { element, by }| self.gradients[self.input][*element] * by);
        parts.fold((0.0, 0.0), |(sum, norm), part| (sum + part, f64::hypot(norm, part)))
    }

    fn excess(&mut self, direction: &[Move]) -> Result<Excess, Trouble> {
        let (analytic, norm) = self.analytic(direction);
        let precision = self.meter.precision;
        let slope = self.meter.along(self.input, direction).slope(precision.step)?;
        let tolerance = precision.tolerance * norm;
        // A kink makes the step sizes differ. It must not hide the other elements, so it may not add much here.
        let allowed = tolerance + slope.rounding + (10.0 * slope.estimate).min(precision.leeway * tolerance);
        let off = (analytic - slope.value).abs();
        if !off.is_finite() || !allowed.is_finite() {
            return Ok(Excess { over: f64::INFINITY, off: f64::INFINITY, norm, resolved: 0.0 });
        }
        if off <= allowed {
            self.report.accept(if norm > 0.0 { off / norm } else { 0.0 });
        }
        Ok(Excess { over: off - allowed, off, norm, resolved: precision.leeway * tolerance })
    }

    fn noise(&self, direction: &[Move]) -> Result<f64, Trouble> {
        self.meter.along(self.input, direction).noise(self.meter.precision.step)
    }

    /// The element on which gradient and differences differ: the difference of the whole is the sum of those of the
    /// halves, so the greater is at least half of it.
    fn bisect(&mut self, direction: &[Move]) -> Result<Move, Trouble> {
        halve(direction, |part| Ok(self.excess(part)?.over))
    }

    fn noisiest(&self, direction: &[Move]) -> Result<Move, Trouble> {
        halve(direction, |part| self.noise(part))
    }

    fn verdict(&self, moved: Move) -> Result<Verdict, Trouble> {
        let (analytic, _) = self.analytic(&[moved]);
        judge(&self.meter.along(self.input, &[moved]), analytic)
    }
}

/// The half with more of something, until one element is left.
fn halve(direction: &[Move], mut measure: impl FnMut(&[Move]) -> Result<f64, Trouble>) -> Result<Move, Trouble> {
    let mut suspects = direction;
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        suspects = if measure(first)? >= measure(second)? { first } else { second };
    }
    Ok(suspects[0])
}

impl Numeric for Meter<'_> {
    fn slope(&self, weights: &Values, input: usize, element: usize) -> Result<Option<f64>, Trouble> {
        let moved = Move::of(element, self.point[input][element]);
        let slope = Meter { weights, ..*self }.along(input, &[moved]).slope(self.precision.step)?;
        Ok(slope.known().map(|slope| slope / moved.by))
    }

    fn gradients(&self, weights: &Values) -> Result<Values, Trouble> {
        Ok(self.subject.gradients(self.point, weights, &Way::Usual)?.1)
    }
}
