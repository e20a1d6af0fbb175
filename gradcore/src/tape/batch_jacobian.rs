//! Jacobians of batches, whose rows do not depend on each other: a backward pass for each element of a row.

use std::cell::RefCell;
use std::rc::Rc;

use super::jacobian::{expect_room, rows, stacked};
use super::options::{GradientOptions, Ones, UnconnectedGradients, unconnected_gradients};
use super::query::{Missing, Query};
use super::structure::{Found, OneTensor};
use super::{GradientTape, Once, Persistent};
use crate::error::Error;
use crate::ops;
use crate::recording::list::WengertList;
use crate::recording::record::{Record, copy_list, take_list};
use crate::recording::recorder;
use crate::recording::recorder::pause::Paused;
use crate::recording::transpose::numbers;
use crate::shape::Shape;
use crate::tensor::Erased;

impl GradientTape<Once> {
    /// The Jacobian of each row of `target` with respect to the same row of `source`: of shape `[b, y…, x…]` for a
    /// target of shape `[b, y…]` and a source of shape `[b, x…]`.
    ///
    /// It takes a backward pass for each element of a row, and is right only if no row of the target depends on another
    /// row of the source. Debug builds check that, by 2 log₂ b passes more.
    ///
    /// # Errors
    /// [`Error::BatchShape`] if the ranks are less than 2 or the first sizes differ; [`Error::DependentRows`] in debug
    /// builds; and as for [`gradient`](Self::gradient).
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([[1.0f32, 2.0], [3.0, 4.0]]);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let y = &x * &x;
    /// let jacobian = tape.batch_jacobian(&y, &x)?;
    /// assert_eq!(jacobian.shape(), [2, 2, 2]);
    /// assert_eq!(jacobian.to_vec(), [2.0, 0.0, 0.0, 4.0, 6.0, 0.0, 0.0, 8.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn batch_jacobian<S: OneTensor>(self, target: impl OneTensor, source: S) -> Result<S::Gradients, Error> {
        self.batch_jacobian_with(target, source, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`batch_jacobian`](Self::batch_jacobian), with [`unconnected_gradients`].
    ///
    /// # Errors
    /// As for [`batch_jacobian`](Self::batch_jacobian).
    pub fn batch_jacobian_with<S: OneTensor>(
        self, // for one Jacobian; `GradientTape::persistent()` gives any number
        target: impl OneTensor,
        source: S,
        options: GradientOptions<Ones>,
    ) -> Result<S::Gradients, Error> {
        recorder::stop(self.0.serial);
        batch_jacobian(&self.0.record, take_list, &target, &source, options.unconnected.into())
    }
}

impl GradientTape<Persistent> {
    /// As [`GradientTape::batch_jacobian`]. It is recorded too, so that its own gradient or Jacobian can be asked for.
    ///
    /// # Errors
    /// As for [`GradientTape::batch_jacobian`]; the tape stays usable.
    pub fn batch_jacobian<S: OneTensor>(&self, target: impl OneTensor, source: S) -> Result<S::Gradients, Error> {
        self.batch_jacobian_with(target, source, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`GradientTape::batch_jacobian_with`].
    ///
    /// # Errors
    /// As for [`GradientTape::batch_jacobian`]; the tape stays usable.
    pub fn batch_jacobian_with<S: OneTensor>(
        &self,
        target: impl OneTensor,
        source: S,
        options: GradientOptions<Ones>,
    ) -> Result<S::Gradients, Error> {
        batch_jacobian(&self.0.record, copy_list, &target, &source, options.unconnected.into())
    }
}

fn batch_jacobian<S: OneTensor>(
    record: &Rc<RefCell<Record>>,
    take: impl FnOnce(&mut Record) -> WengertList,
    target: &impl OneTensor,
    source: &S,
    missing: Missing,
) -> Result<S::Gradients, Error> {
    let query = Query::new(record, target, None, source, missing)?;
    let shapes = Shapes::of(&query)?;
    expect_room("batch_jacobian", &shapes.of_jacobian, &query.sources[0].value)?;
    let list = take(&mut record.borrow_mut());
    if cfg!(debug_assertions) {
        expect_independent_rows(&query, &list, &shapes)?;
    }
    let count = shapes.of_target.size();
    let rows = rows(&query, &list, count, |element, row| element % count == row)?;
    let joined = rows.into_iter().map(|rows| Ok(shapes.joined(rows?, &query.sources[0].value)));
    source.gradients(&mut Found(&mut joined.collect()))
}

/// The shapes of a batch.
struct Shapes {
    rows: usize,
    /// Of one row.
    of_target: Shape,
    of_source: Shape,
    of_jacobian: Shape,
}

impl Shapes {
    fn of(query: &Query<'_>) -> Result<Self, Error> {
        let target = query.starts[0].gradient.as_untyped().shape();
        let source = query.sources[0].value.as_untyped().shape();
        match (target, source) {
            ([rows, of_target @ ..], [same, of_source @ ..])
                if rows == same && !of_target.is_empty() && !of_source.is_empty() =>
            {
                let of_jacobian = Shape::new("batch_jacobian", &[&[*rows], of_target, of_source].concat())?;
                let (of_target, of_source) = (Shape::of_rows(target), Shape::of_rows(source));
                Ok(Shapes { rows: *rows, of_target, of_source, of_jacobian })
            }
            _ => Err(Error::BatchShape { of_target: target.to_vec(), of_source: source.to_vec() }),
        }
    }

    /// The Jacobian, of the gradients of a source for each element of a row of the target.
    fn joined(&self, gradients: Vec<Erased>, source: &Erased) -> Erased {
        let by_element = [self.of_target.size(), self.rows, self.of_source.size()];
        let shape = &self.of_jacobian;
        match stacked(gradients, source, &Shape::of("batch_jacobian", by_element)) {
            Erased::F32(jacobian) => Erased::F32(ops::reshape(&ops::transpose(&jacobian, &[1, 0, 2]), shape)),
            Erased::F64(jacobian) => Erased::F64(ops::reshape(&ops::transpose(&jacobian, &[1, 0, 2]), shape)),
            other => other,
        }
    }
}

/// Fails if a row of the target depends on another row of the source. The indices of two rows differ in a bit, so one
/// of the passes that start from the rows whose bit is set, or is not, sees the dependence.
fn expect_independent_rows(query: &Query<'_>, list: &WengertList, shapes: &Shapes) -> Result<(), Error> {
    // Rows without elements may be many.
    if shapes.of_jacobian.size() == 0 {
        return Ok(());
    }
    let _paused = Paused::from(0);
    let bits = usize::BITS - shapes.rows.saturating_sub(1).leading_zeros();
    for (bit, set) in (0..bits).flat_map(|bit| [(bit, 0), (bit, 1)]) {
        let (targets, others): (Vec<usize>, Vec<usize>) = (0..shapes.rows).partition(|row| row >> bit & 1 == set);
        let reached = reached(query, list, shapes, &targets)?;
        if let Some(source_row) = others.into_iter().find(|row| reached[*row]) {
            let target_row = pinpoint(query, list, shapes, targets, source_row)?;
            return Err(Error::DependentRows { target_row, source_row });
        }
    }
    Ok(())
}

/// Which of some rows of the target depends on a row of the source, given that one does.
fn pinpoint(
    query: &Query<'_>,
    list: &WengertList,
    shapes: &Shapes,
    mut targets: Vec<usize>,
    source_row: usize,
) -> Result<usize, Error> {
    while targets.len() > 1 {
        let others = targets.split_off(targets.len() / 2);
        if !reached(query, list, shapes, &targets)?[source_row] {
            targets = others;
        }
    }
    Ok(targets[0])
}

/// For each row of the source: whether any of these rows of the target depends on it.
fn reached(query: &Query<'_>, list: &WengertList, shapes: &Shapes, targets: &[usize]) -> Result<Vec<bool>, Error> {
    let weights: Vec<f64> = numbers().take(shapes.rows * shapes.of_target.size()).collect();
    let mut is_target = vec![false; shapes.rows];
    targets.iter().for_each(|row| is_target[*row] = true);
    let is_started = |element: usize| is_target[element / shapes.of_target.size()];
    let gradients =
        query.run_with(&mut list.clone(), |element| if is_started(element) { weights[element] } else { 0.0 })?;
    let Some(gradient) = gradients.get(query.sources[0].slot) else { return Ok(vec![false; shapes.rows]) };
    let gradient = gradient.to_numbers();
    let row = |row: usize| &gradient[row * shapes.of_source.size()..][..shapes.of_source.size()];
    // What has cancelled but for rounding is nothing. What is not finite times zero is no number, and tells nothing.
    let largest = gradient.iter().filter(|number| number.is_finite()).fold(0.0, |most: f64, n| most.max(n.abs()));
    let rounding = 64.0 * largest * f64::from(f32::EPSILON);
    Ok((0..shapes.rows).map(|k| row(k).iter().any(|number| number.abs() > rounding)).collect())
}
