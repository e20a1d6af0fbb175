//! Whether an element of a gradient is right, from what differences say of it.

use super::difference::{Line, Slope};
use super::subject::Trouble;

/// What an element turned out to be.
pub(super) enum Verdict {
    /// With the relative error that was accepted.
    Right(f64),
    /// What differences say instead.
    Wrong(f64),
    /// The slopes of the two sides differ, and the gradient is within.
    Kink,
    /// Differences tell nothing here.
    Inconclusive,
}

/// Judges the gradient along a line.
///
/// Steps are narrowed until the slope agrees. It is wrong only where a slope has settled that is different by more than
/// step size, rounding and the noise of the function explain, and where the two sides do not explain it either.
pub(super) fn judge(line: &impl Line, analytic: f64) -> Result<Verdict, Trouble> {
    let precision = line.precision();
    let mut best: Option<(Slope, f64, f64)> = None;
    let mut finest = precision.step;
    for step in precision.steps() {
        let slope = line.slope(step)?;
        finest = step;
        if !slope.value.is_finite() || !slope.estimate.is_finite() {
            continue;
        }
        let size = slope.value.abs().max(if analytic.is_finite() { analytic.abs() } else { 0.0 });
        let bound = precision.tolerance * size + slope.rounding;
        let off = (analytic - slope.value).abs();
        if off <= bound + 10.0 * slope.estimate {
            if 10.0 * slope.estimate <= precision.leeway * bound {
                return Ok(Verdict::Right(if size > 0.0 { off / size } else { 0.0 }));
            }
        } else if slope.estimate <= 0.1 * slope.value.abs() + slope.rounding {
            let noise = line.noise(step)?;
            // A noise that is not finite explains everything, a gradient that is not finite is explained by nothing.
            let explained = !noise.is_finite() || off <= bound + 10.0 * slope.estimate + noise;
            let error = slope.estimate + noise;
            if !explained && best.is_none_or(|(_, known, _)| error < known) {
                best = Some((slope, error, step));
            }
        }
    }
    let Some((slope, _, step)) = best else { return at_edge(line, analytic, finest) };
    Ok(match Sides::at(line, step)? {
        sides if sides.are_smooth() => Verdict::Wrong(slope.value),
        sides if sides.allow(analytic) => Verdict::Kink,
        _ => Verdict::Wrong(slope.value),
    })
}

/// Judges where no slope settles: at a jump, at the edge of where the function is defined, where it is too rough.
fn at_edge(line: &impl Line, analytic: f64, step: f64) -> Result<Verdict, Trouble> {
    let (sides, closer) = (Sides::at(line, step)?, Sides::at(line, step / 2.0)?);
    Ok(match (sides.only(), closer.only()) {
        _ if !sides.are_smooth() && sides.allow(analytic) => Verdict::Kink,
        (Some(only), Some(same)) if (only - same).abs() <= 0.1 * ROUGH * only.abs() => Verdict::Wrong(only),
        _ => Verdict::Inconclusive,
    })
}

/// How far slopes of one side may be off, in proportion.
const ROUGH: f64 = 0.02;

/// The slopes of the two sides.
struct Sides {
    before: f64,
    behind: f64,
    /// What rounding and noise may do to them.
    rounding: f64,
}

impl Sides {
    fn at(line: &impl Line, step: f64) -> Result<Self, Trouble> {
        let [before, behind] = line.sides(step)?;
        Ok(Sides { before, behind, rounding: 4.0 * line.slope(step)?.rounding })
    }

    /// The lower and the higher one. Where a side has none, the other counts.
    fn range(&self) -> Option<(f64, f64)> {
        match (self.before.is_finite(), self.behind.is_finite()) {
            (true, true) => Some((self.before.min(self.behind), self.before.max(self.behind))),
            (true, false) => Some((self.before, self.before)),
            (false, true) => Some((self.behind, self.behind)),
            (false, false) => None,
        }
    }

    /// The slope, where one side has none.
    fn only(&self) -> Option<f64> {
        match (self.before.is_finite(), self.behind.is_finite()) {
            (true, false) => Some(self.before),
            (false, true) => Some(self.behind),
            _ => None,
        }
    }

    fn slack(&self) -> f64 {
        ROUGH * self.before.abs().max(self.behind.abs())
    }

    fn are_smooth(&self) -> bool {
        (self.before - self.behind).abs() <= self.slack() + self.rounding
    }

    fn allow(&self, analytic: f64) -> bool {
        let slack = ROUGH * self.range().map_or(0.0, |(low, high)| low.abs().max(high.abs()));
        self.range().is_some_and(|(low, high)| analytic >= low - slack && analytic <= high + slack)
    }
}
