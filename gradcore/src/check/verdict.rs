//! Whether an element of a gradient is right, from what differences say of it.

use super::difference::Line;
use super::subject::Trouble;

/// What an element turned out to be.
pub(super) enum Verdict {
    /// With the relative error that was accepted.
    Right(f64),
    /// What differences say instead.
    Wrong(f64),
    /// The slopes of the two sides differ, or the function jumps, and the gradient is within.
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
        () if !sides.are_smooth() && sides.allow(analytic) && Sides::beside(line, step)?.allow(analytic) => {
            Verdict::Kink
        }
        () if agreed < off => Verdict::Inconclusive,
        // Many jumps within a wide step may look like a slope, where narrower ones meet a single jump.
        () => match beside_jump(line, analytic)? {
            Some(open @ (Verdict::Kink | Verdict::Inconclusive)) => open,
            _ => Verdict::Wrong(slope),
        },
    })
}

/// Judges where no slope settles: at a jump, at the edge of where the function is defined, where it is too rough.
fn at_edge(line: &impl Line, analytic: f64, step: f64) -> Result<Verdict, Trouble> {
    line.expect_shapes([-step / 2.0, step / 2.0])?;
    if let Some(verdict) = beside_jump(line, analytic)? {
        return Ok(verdict);
    }
    let (sides, closer) = (Sides::at(line, step)?, Sides::at(line, step / 2.0)?);
    let allow = sides.allow(analytic) && Sides::beside(line, step)?.allow(analytic);
    Ok(match (sides.only(), closer.only()) {
        _ if !sides.are_smooth() && allow => Verdict::Kink,
        (Some(only), Some(same)) if (only - same).abs() <= SETTLED * only.abs() => Verdict::Wrong(only),
        _ => Verdict::Inconclusive,
    })
}

/// Judges by the slopes on either side of a jump, if there they settle. The slope to the other side of a jump grows with
/// each narrower step, and would allow any gradient.
fn beside_jump(line: &impl Line, analytic: f64) -> Result<Option<Verdict>, Trouble> {
    let (mut flat, mut wrong) = (true, None);
    for step in line.precision().steps() {
        let wide = Sides::beside(line, step)?;
        let (middle, narrow) = (Sides::beside(line, step / 2.0)?, Sides::beside(line, step / 4.0)?);
        flat &= wide.are_flat();
        // Noise is no jump: with the value at the point the slopes are the same.
        if Sides::at(line, step)?.are_near(&wide) {
            continue;
        }
        // A function that is flat in narrow steps alone may be so because its values are rounded.
        if !wide.settle_in(&middle) || !middle.settle_in(&narrow) || narrow.are_flat() && !flat {
            continue;
        }
        if narrow.allow(analytic) {
            return Ok(Some(if wrong.is_none() { Verdict::Kink } else { Verdict::Inconclusive }));
        }
        let slope = narrow.nearest(analytic);
        let noise = line.noise_around(-step, step / 2.0)?.max(line.noise_around(step, step / 2.0)?);
        let off = (analytic - slope).abs();
        if off.is_nan() || off > narrow.slack() + narrow.rounding + noise {
            wrong.get_or_insert(slope);
        }
    }
    Ok(wrong.map(Verdict::Wrong))
}

/// How far slopes of one side may be off, in proportion.
const ROUGH: f64 = 0.02;
/// By which part such slopes may differ between two steps.
const SETTLED: f64 = 0.1 * ROUGH;

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

    /// Without the value at the point.
    fn beside(line: &impl Line, step: f64) -> Result<Self, Trouble> {
        let [before, behind] = line.sides_beside(step)?;
        Ok(Sides { before, behind, rounding: 4.0 * line.slope(step)?.rounding })
    }

    fn are_flat(&self) -> bool {
        self.before == 0.0 && self.behind == 0.0
    }

    fn are_near(&self, others: &Self) -> bool {
        let is_near = |one: f64, other: f64| (one - other).abs() <= ROUGH * other.abs() + others.rounding;
        is_near(self.before, others.before) && is_near(self.behind, others.behind)
    }

    /// Whether a narrower step gives the same on both sides.
    fn settle_in(&self, narrower: &Self) -> bool {
        let is_same = |wide: f64, narrow: f64| (wide - narrow).abs() <= SETTLED * wide.abs() + narrower.rounding;
        let sides = [self.before, self.behind, narrower.before, narrower.behind];
        sides.iter().all(|slope| slope.is_finite())
            && is_same(self.before, narrower.before)
            && is_same(self.behind, narrower.behind)
    }

    /// The slope of the side that a gradient is nearest to.
    fn nearest(&self, analytic: f64) -> f64 {
        let [before, behind] = [self.before, self.behind];
        if (analytic - before).abs() <= (analytic - behind).abs() { before } else { behind }
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
