//! Whether an element of a gradient is right, from what differences say of it.

use super::difference::Line;
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

/// A slope that differs from the gradient.
struct Evidence {
    slope: f64,
    step: f64,
    off: f64,
    /// How far it may be off itself.
    error: f64,
}

/// Judges the gradient along a line.
///
/// Steps are narrowed until the slope agrees. It is wrong only where a slope has settled that differs by more than step size,
/// rounding and the noise of the function explain, where no other step contradicts that, and not at a kink that allows it.
pub(super) fn judge(line: &impl Line, analytic: f64) -> Result<Verdict, Trouble> {
    let precision = line.precision();
    let mut best: Option<Evidence> = None;
    let mut agreed = f64::INFINITY;
    let mut finest = precision.step;
    let mut flat = true;
    for step in precision.steps() {
        let slope = line.slope(step)?;
        finest = step;
        flat &= slope.is_flat();
        if !slope.value.is_finite() || !slope.estimate.is_finite() {
            continue;
        }
        let size = slope.value.abs().max(if analytic.is_finite() { analytic.abs() } else { 0.0 });
        let bound = precision.tolerance * size + slope.rounding;
        let off = (analytic - slope.value).abs();
        if off <= bound + 10.0 * slope.estimate && 10.0 * slope.estimate <= precision.leeway * bound {
            return Ok(Verdict::Right(if size > 0.0 { off / size } else { 0.0 }));
        }
        // A function that is flat in narrow steps alone may be so because its values are rounded.
        let is_settled = slope.estimate <= 0.1 * slope.value.abs() + slope.rounding && (flat || !slope.is_flat());
        if !is_settled {
            continue;
        }
        let error = bound + 10.0 * slope.estimate + line.noise(step)?;
        if off <= error || error.is_infinite() {
            agreed = agreed.min(error);
        } else if best.as_ref().is_none_or(|best| error < best.error) {
            best = Some(Evidence { slope: slope.value, step, off, error });
        }
    }
    let Some(Evidence { slope, step, off, .. }) = best else { return at_edge(line, analytic, finest) };
    let sides = Sides::at(line, step)?;
    Ok(match () {
        () if !sides.are_smooth() && sides.allow(analytic) => Verdict::Kink,
        () if agreed < off => Verdict::Inconclusive,
        () => Verdict::Wrong(slope),
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
