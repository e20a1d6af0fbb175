//! What may be wrong with a gradient, told from its pattern.

use super::difference::{Meter, Move};
use super::report::Cause;
use super::subject::Values;

/// A wrong element.
pub(super) struct Suspect {
    pub(super) input: usize,
    pub(super) element: usize,
    /// What differences say of it.
    pub(super) slope: f64,
}

/// How many elements are compared to see a pattern.
const SAMPLES: usize = 8;

/// The likely cause of a wrong gradient.
pub(super) fn likely(meter: &Meter<'_>, gradients: &Values, suspect: &Suspect) -> Result<Option<Cause>, String> {
    let gradient = &gradients[suspect.input];
    if !gradient[suspect.element].is_finite() {
        return Ok(Some(Cause::NotFinite));
    }
    if gradient.iter().all(|element| *element == 0.0) {
        return Ok(Some(Cause::NoGradient));
    }
    if ignores_upstream(meter, gradients, suspect)? {
        return Ok(Some(Cause::IgnoresUpstream));
    }
    let sampled = sampled(meter, gradient, suspect)?;
    let is_right = |ratio: &f64| is_close(*ratio, 1.0);
    let (first, others) = (gradient[suspect.element] / suspect.slope, sampled.len());
    let right = sampled.iter().filter(|ratio| is_right(ratio)).count();
    Ok(match () {
        () if right > 0 => Some(Cause::SomeElements { right, others }),
        () if !sampled.iter().all(|ratio| is_close(*ratio, first)) || !first.is_finite() => None,
        () if is_close(first, -1.0) => Some(Cause::Sign),
        () => Some(Cause::Factor(first)),
    })
}

fn is_close(ratio: f64, expected: f64) -> bool {
    (ratio - expected).abs() <= 0.01 * expected.abs()
}

/// Whether the gradient stays the same when the upstream is doubled.
fn ignores_upstream(meter: &Meter<'_>, gradients: &Values, suspect: &Suspect) -> Result<bool, String> {
    let doubled = meter.weights.iter().map(|weights| weights.iter().map(|weight| 2.0 * weight).collect()).collect();
    let (_, again) = meter.subject.gradients(meter.point, &doubled)?;
    Ok(again[suspect.input] == gradients[suspect.input])
}

/// Analytic by numeric, for elements spread over the input.
fn sampled(meter: &Meter<'_>, gradient: &[f64], suspect: &Suspect) -> Result<Vec<f64>, String> {
    let stride = gradient.len().div_ceil(SAMPLES);
    let step = meter.precision.steps().next().unwrap_or_default();
    let mut ratios = Vec::new();
    for element in (0..gradient.len()).step_by(stride).filter(|element| *element != suspect.element) {
        let by = meter.point[suspect.input][element].abs().max(1.0);
        let slope = meter.slope(suspect.input, &[Move { element, by }], step)?;
        if slope.value.abs() > 100.0 * (slope.estimate + slope.rounding) {
            ratios.push(gradient[element] * by / slope.value);
        }
    }
    Ok(ratios)
}
