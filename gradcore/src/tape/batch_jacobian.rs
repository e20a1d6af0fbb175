//! Jacobians of batches, whose rows do not depend on each other: a backward pass for each element of a row.

use std::cell::RefCell;
use std::rc::Rc;

use super::independent_rows::{self, Batch};
use super::jacobian::{expect_room, rows, stacked};
use super::options::{GradientOptions, Ones, UnconnectedGradients, unconnected_gradients};
use super::query::{Missing, Query};
use super::structure::{Found, OneTensor};
use super::{GradientTape, Once, Persistent};
use crate::error::Error;
use crate::ops;
use crate::random::State;
use crate::recording::list::WengertList;
use crate::recording::record::{Record, copy_list, take_list};
use crate::recording::recorder;
use crate::shape::Shape;
use crate::tensor::Erased;

impl GradientTape<Once> {
    /// The Jacobian of each row of `target` with respect to the same row of `source`: of shape `[b, y…, x…]` for a
    /// target of shape `[b, y…]` and a source of shape `[b, x…]`.
    ///
    /// It takes a backward pass for each element of a row. That is right only if no row of the target depends on another
    /// row of the source, which is checked by a few passes more: one for up to 64 rows, two for up to 4096, and so on, and
    /// another where a row of the target has several elements. Where these do not tell, because rows do depend on each
    /// other, or a rule is not linear, it takes about 2 log₂ b.
    ///
    /// What one row adds to another is a dependence if it is more than 64 roundings, in `f64` 1.4e-14, of what that row has
    /// of its own; in `f32`, where target or source is one, that is 7.6e-6. What has cancelled but for rounding is none.
    ///
    /// # Errors
    /// [`Error::BatchShape`] if the ranks are less than 2 or the first sizes differ; [`Error::DependentRows`] if the rows
    /// depend on each other; and as for [`gradient`](Self::gradient).
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
    let random = State::now();
    let (count, of_source) = (shapes.of_target.size(), shapes.of_source.size());
    let rows = rows(&query, &list, count, |element, row| element % count == row)?;
    // Rows without elements may be many.
    if let ([Ok(columns)], 1..) = (&rows[..], shapes.of_jacobian.size()) {
        let (query, list, random, of_target) = (&query, &list, &random, count);
        independent_rows::expect(&Batch { query, list, rows: shapes.rows, of_target, of_source, random }, columns)?;
    }
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
