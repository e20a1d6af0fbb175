//! What may be wrong with a gradient, told from its pattern.

use super::finding::Cause;
use super::subject::{Trouble, Values};

/// What differences say of single elements, for any weights of the outputs.
pub(super) trait Numeric {
    /// The slope, where it is far from zero and well known.
    fn slope(&self, weights: &Values, input: usize, element: usize) -> Result<Option<f64>, Trouble>;
    /// What the function says.
    fn gradients(&self, weights: &Values) -> Result<Values, Trouble>;
}

/// A wrong element.
pub(super) struct Suspect<'a> {
    pub(super) input: usize,
    pub(super) element: usize,
    /// What differences say of it.
    pub(super) slope: f64,
    /// The shape of the input.
    pub(super) shape: &'a [usize],
    pub(super) weights: &'a Values,
    /// For these weights.
    pub(super) gradients: &'a Values,
}

/// How many elements are compared to see a pattern.
const SAMPLES: usize = 8;

/// The likely cause of a wrong gradient.
pub(super) fn likely(numeric: &dyn Numeric, suspect: &Suspect<'_>) -> Result<Option<Cause>, Trouble> {
    let gradient = suspect.gradient();
    if !gradient[suspect.element].is_finite() {
        return Ok(Some(Cause::NotFinite));
    }
    if gradient.iter().all(|element| *element == 0.0) {
        return Ok(Some(Cause::NoGradient));
    }
    if ignores_upstream(numeric, suspect)? {
        return Ok(Some(Cause::IgnoresUpstream));
    }
    let (first, others) = (suspect.ratio(), suspect.others(numeric)?);
    if suspect.slope == 0.0 && others.iter().all(|ratio| ratio.is_infinite() || ratio.is_nan()) {
        return Ok(Some(Cause::Flat));
    }
    let is_constant = first.is_finite() && others.iter().all(|ratio| suspect.are_close(*ratio, first));
    let right = others.iter().filter(|ratio| suspect.are_close(**ratio, 1.0)).count();
    Ok(match () {
        () if is_constant && suspect.are_close(first, -1.0) => Some(Cause::Sign),
        () if is_constant && right == 0 => Some(Cause::Factor(first)),
        () if suspect.shape.len() > 1 && suspect.is_moved(numeric, transposed)? => Some(Cause::Transposed),
        () if suspect.is_moved(numeric, reversed)? => Some(Cause::Reversed),
        () if is_right_for_ones(numeric, suspect)? => Some(Cause::AssumesOnes),
        () if right > 0 => Some(Cause::SomeElements { right, others: others.len() }),
        () => None,
    })
}

impl Suspect<'_> {
    fn gradient(&self) -> &[f64] {
        &self.gradients[self.input]
    }

    /// Analytic by numeric.
    fn ratio(&self) -> f64 {
        self.gradient()[self.element] / self.slope
    }

    /// Whether two numbers are nearer to each other than the gradient is to what differences say, and near anyway.
    fn are_close(&self, number: f64, expected: f64) -> bool {
        let near = (0.1 * (self.ratio() - 1.0).abs()).min(0.01);
        (number - expected).abs() <= near * expected.abs()
    }

    /// The element itself, then others spread over the input.
    fn samples(&self) -> impl Iterator<Item = usize> + use<> {
        let (element, size) = (self.element, self.gradient().len());
        let spread = (0..size).step_by(size.div_ceil(SAMPLES));
        std::iter::once(element).chain(spread.filter(move |other| *other != element))
    }

    /// Analytic by numeric, for other elements.
    fn others(&self, numeric: &dyn Numeric) -> Result<Vec<f64>, Trouble> {
        let mut ratios = Vec::new();
        for element in self.samples().skip(1) {
            let slope = numeric.slope(self.weights, self.input, element)?;
            ratios.extend(slope.map(|slope| self.gradient()[element] / slope));
        }
        Ok(ratios)
    }

    /// Whether elements stand at the place of others.
    fn is_moved(&self, numeric: &dyn Numeric, site: fn(&[usize], usize) -> usize) -> Result<bool, Trouble> {
        let mut moved = 0;
        for element in self.samples() {
            let other = site(self.shape, element);
            let Some(slope) = numeric.slope(self.weights, self.input, other)? else { continue };
            if !self.are_close(self.gradient()[element], slope) {
                return Ok(false);
            }
            moved += usize::from(other != element);
        }
        Ok(moved > 1)
    }
}

/// Which element stands at the place of this one, if the last two axes were swapped and the elements then took the shape.
fn transposed(shape: &[usize], element: usize) -> usize {
    let (rows, columns) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    let (start, place) = (element - element % (rows * columns), element % (rows * columns));
    start + place % rows * columns + place / rows
}

fn reversed(shape: &[usize], element: usize) -> usize {
    shape.iter().product::<usize>() - 1 - element
}

/// Whether the gradient stays the same when the upstream is much smaller, where a clipped one is clipped no more.
fn ignores_upstream(numeric: &dyn Numeric, suspect: &Suspect<'_>) -> Result<bool, Trouble> {
    let small = suspect.weights.iter().map(|weights| weights.iter().map(|weight| weight / 1024.0).collect()).collect();
    Ok(numeric.gradients(&small)?[suspect.input] == suspect.gradient())
}

/// Whether the gradient is right for an upstream of ones.
fn is_right_for_ones(numeric: &dyn Numeric, suspect: &Suspect<'_>) -> Result<bool, Trouble> {
    let ones: Values = suspect.weights.iter().map(|weights| vec![1.0; weights.len()]).collect();
    let gradient = &numeric.gradients(&ones)?[suspect.input];
    let mut right = 0;
    for element in suspect.samples() {
        let Some(slope) = numeric.slope(&ones, suspect.input, element)? else { continue };
        if !suspect.are_close(gradient[element], slope) {
            return Ok(false);
        }
        right += 1;
    }
    Ok(right > 0)
}
