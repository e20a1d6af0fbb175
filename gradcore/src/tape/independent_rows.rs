//! Whether each row of a batch depends on the same row of the source alone.
//!
//! What stands in no other row than its own is multiplied exactly where the row that it started from is multiplied by a power
//! of two. So a pass with ones, and another with powers of two that differ from row to row, give the same but for these
//! factors, to the bit. That takes few passes. Where they give something else, because rows depend on each other, or a rule
//! is not linear, or numbers overflow, single sets of rows are started from: then nothing may arrive at the others.

use super::query::Query;
use crate::error::Error;
use crate::random::{Replay, State};
use crate::recording::list::WengertList;
use crate::recording::recorder::pause::Paused;
use crate::recording::transpose::numbers;
use crate::tensor::Erased;

/// A target and a source of as many rows, with elements in each.
pub(super) struct Batch<'q> {
    pub(super) query: &'q Query<'q>,
    pub(super) list: &'q WengertList,
    pub(super) rows: usize,
    /// Elements of a row.
    pub(super) of_target: usize,
    pub(super) of_source: usize,
    /// The random numbers that the first pass for the Jacobian drew.
    pub(super) random: &'q State,
}

/// How many roundings, of what a row has of its own, are no dependence on another row.
const ROUNDINGS: f64 = 64.0;

/// What has cancelled but for rounding is told from a dependence by multiples of the upstream gradient: what is rounded in
/// other ways changes. A rule that is not linear changes too, and that by the multiple that rounds nothing, which is greater.
const MULTIPLES: [f64; 4] = [3.0, 5.0, 7.0, 11.0];
const EXACT_MULTIPLE: f64 = 16.0;

/// Powers of two of both signs, which rows are told apart by.
const FACTORS: usize = 64;

/// The factor of a row, by a digit of its number.
fn factor(row: usize, digit: u32) -> f64 {
    let class = row / FACTORS.pow(digit) % FACTORS;
    let size = f64::exp2(f64::from(u32::try_from(class / 2).unwrap_or_default()) - 16.0);
    if class.is_multiple_of(2) { size } else { -size }
}

/// How many digits the numbers of so many rows have.
fn digits(rows: usize) -> u32 {
    rows.saturating_sub(1).checked_ilog(FACTORS).map_or(0, |digits| digits + 1)
}

/// Fails if a row of the target depends on another row of the source. `columns` are the gradients of the source for each
/// element of a row of the target, in all rows at once.
pub(super) fn expect(batch: &Batch<'_>, columns: &[Erased]) -> Result<(), Error> {
    let _paused = Paused::from(0);
    let weights = Weights::of(batch);
    let own = match columns {
        // The weight of a single element is 1.
        [only] => only.to_numbers(),
        _ => batch.pass(|_, element| weights.of_elements[element])?,
    };
    let own = Own::of(batch, own);
    match batch.agree_with_multiples(&weights, &own)? {
        true => Ok(()),
        false => batch.expect_nothing_elsewhere(&weights, &own),
    }
}

/// The upstream gradient of a pass.
struct Weights {
    /// For each element of a row, of both signs.
    of_elements: Vec<f64>,
    /// Of one sign, so that what many rows add alike does not cancel.
    of_rows: Vec<f64>,
}

impl Weights {
    fn of(batch: &Batch<'_>) -> Self {
        let of_elements = if batch.of_target == 1 { vec![1.0] } else { numbers().take(batch.of_target).collect() };
        Weights { of_elements, of_rows: numbers().take(batch.rows).map(f64::abs).collect() }
    }
}

/// What arrives at the source where every row of the target is started from alike.
struct Own {
    gradient: Vec<f64>,
    /// The greatest part of each row: what is not finite tells nothing.
    of_rows: Vec<f64>,
    epsilon: f64,
    smallest: f64,
}

impl Own {
    fn of(batch: &Batch<'_>, gradient: Vec<f64>) -> Self {
        let of_rows: Vec<f64> = gradient.chunks_exact(batch.of_source).map(greatest).collect();
        let (epsilon, smallest) = match batch.is_single() {
            true => (f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE)),
            false => (f64::EPSILON, f64::MIN_POSITIVE),
        };
        Own { gradient, of_rows, epsilon, smallest }
    }

    /// What may arrive at a row that has nothing to do with it, where the row itself is multiplied by a factor.
    fn rounding(&self, row: usize, factor: f64) -> f64 {
        ROUNDINGS * self.epsilon * factor.abs() * self.of_rows[row] + factor.abs().max(1.0) * self.smallest
    }
}

fn greatest(numbers: &[f64]) -> f64 {
    numbers.iter().filter(|number| number.is_finite()).fold(0.0, |most: f64, number| most.max(number.abs()))
}

impl Batch<'_> {
    fn is_single(&self) -> bool {
        let is_double = |tensor: &Erased| matches!(tensor, Erased::F64(_));
        !is_double(&self.query.starts[0].gradient) || !is_double(&self.query.sources[0].value)
    }

    /// The gradient of the source, for an upstream gradient by row and by element of the row.
    fn pass(&self, upstream: impl Fn(usize, usize) -> f64) -> Result<Vec<f64>, Error> {
        let _replay = Replay::of(self.random);
        let number = |place: usize| upstream(place / self.of_target, place % self.of_target);
        let gradients = self.query.run_with(&mut self.list.clone(), number)?;
        let found = gradients.get(self.query.sources[0].slot).map(Erased::to_numbers);
        Ok(found.unwrap_or_else(|| vec![0.0; self.rows * self.of_source]))
    }

    /// The elements of a row of the source.
    fn row<'g>(&self, gradient: &'g [f64], row: usize) -> &'g [f64] {
        &gradient[row * self.of_source..][..self.of_source]
    }

    /// By how much the elements of a row are no multiples.
    fn changes(&self, multiple: &[f64], times: f64, once: &[f64], row: usize) -> Vec<f64> {
        self.row(multiple, row)
            .iter()
            .zip(self.row(once, row))
            .map(|(multiple, once)| multiple / times - once)
            .collect()
    }

    /// Whether each row is multiplied by its own factor. Any two rows have different ones in one of the passes.
    fn agree_with_multiples(&self, weights: &Weights, own: &Own) -> Result<bool, Error> {
        for digit in 0..digits(self.rows) {
            let multiple = self.pass(|row, element| factor(row, digit) * weights.of_elements[element])?;
            let is_own = |row: usize| {
                let factor = factor(row, digit);
                let allowed = own.rounding(row, factor);
                let mut elements = self.row(&multiple, row).iter().zip(self.row(&own.gradient, row));
                elements.all(|(multiple, once)| {
                    (multiple - factor * once).abs() <= allowed || !(multiple.is_finite() || once.is_finite())
                })
            };
            if !(0..self.rows).all(is_own) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fails if something arrives at a row of the source that no pass has started from. The numbers of two rows differ in
    /// a bit, so one of the passes that start from the rows whose bit is set, or is not, sees the dependence.
    fn expect_nothing_elsewhere(&self, weights: &Weights, own: &Own) -> Result<(), Error> {
        let bits = usize::BITS - self.rows.saturating_sub(1).leading_zeros();
        for (bit, set) in (0..bits).flat_map(|bit| [(bit, 0), (bit, 1)]) {
            let (targets, others): (Vec<usize>, Vec<usize>) = (0..self.rows).partition(|row| row >> bit & 1 == set);
            let reached = self.reached(weights, own, &targets)?;
            if let Some(source_row) = others.into_iter().find(|row| reached[*row]) {
                let target_row = self.pinpoint(weights, own, targets, source_row)?;
                return Err(Error::DependentRows { target_row, source_row });
            }
        }
        Ok(())
    }

    /// Which of some rows of the target depends on a row of the source, given that one does.
    fn pinpoint(
        &self,
        weights: &Weights,
        own: &Own,
        mut targets: Vec<usize>,
        source_row: usize,
    ) -> Result<usize, Error> {
        while targets.len() > 1 {
            let others = targets.split_off(targets.len() / 2);
            if !self.reached(weights, own, &targets)?[source_row] {
                targets = others;
            }
        }
        Ok(targets[0])
    }

    /// For each row of the source: whether any of these rows of the target depends on it.
    fn reached(&self, weights: &Weights, own: &Own, targets: &[usize]) -> Result<Vec<bool>, Error> {
        let mut is_target = vec![false; self.rows];
        targets.iter().for_each(|row| is_target[*row] = true);
        let started = |times: f64| {
            self.pass(|row, element| match is_target[row] {
                true => times * weights.of_rows[row] * weights.of_elements[element],
                false => 0.0,
            })
        };
        let once = started(1.0)?;
        // What is not finite times zero is no number, and tells nothing.
        let arrived: Vec<f64> = once.chunks_exact(self.of_source).map(greatest).collect();
        let is_more = |row: usize, than: f64| arrived[row] > than;
        let mut reached: Vec<bool> = (0..self.rows).map(|row| is_more(row, own.rounding(row, 1.0))).collect();
        if !(0..self.rows).any(|row| reached[row] && !is_target[row]) {
            return Ok(reached);
        }
        let scaled = started(EXACT_MULTIPLE)?;
        let is_linear = |row: usize| greatest(&self.changes(&scaled, EXACT_MULTIPLE, &once, row)) == 0.0;
        let is_linear: Vec<bool> = (0..self.rows).map(is_linear).collect();
        for times in MULTIPLES {
            let multiple = started(times)?;
            for row in (0..self.rows).filter(|row| is_linear[*row]) {
                let changes = self.changes(&multiple, times, &once, row);
                reached[row] &= is_more(row, ROUNDINGS * greatest(&changes));
            }
        }
        Ok(reached)
    }
}
