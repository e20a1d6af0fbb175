//! Jacobians: a backward pass for each element of the target, over the same calls.

use std::cell::RefCell;
use std::rc::Rc;

use super::options::{GradientOptions, Ones, UnconnectedGradients, unconnected_gradients};
use super::query::{Missing, Query, Source};
use super::structure::{Differentiable, Found, OneTensor};
use super::{GradientTape, Once, Persistent};
use crate::buffers;
use crate::element::Real;
use crate::error::Error;
use crate::ops;
use crate::recording::list::WengertList;
use crate::recording::record::{Record, copy_list, take_list};
use crate::recording::recorder;
use crate::shape::Shape;
use crate::tensor::{Erased, Tensor};

impl GradientTape<Once> {
    /// The Jacobians of `target` with respect to `sources`, in the structure of the sources: for each source a tensor of
    /// its dtype, whose shape is that of the target followed by that of the source.
    ///
    /// It takes a backward pass for each element of the target.
    ///
    /// # Errors
    /// As for [`gradient`](Self::gradient).
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([1.0f32, 2.0]);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let y = &x * &x;
    /// assert_eq!(tape.jacobian(&y, &x)?.to_string(), "[[2.0, 0.0],\n [0.0, 4.0]]");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn jacobian<S: Differentiable>(self, target: impl OneTensor, sources: S) -> Result<S::Gradients, Error> {
        self.jacobian_with(target, sources, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`jacobian`](Self::jacobian), with [`unconnected_gradients`].
    ///
    /// # Errors
    /// As for [`jacobian`](Self::jacobian).
    pub fn jacobian_with<S: Differentiable>(
        self, // for one Jacobian; `GradientTape::persistent()` gives any number
        target: impl OneTensor,
        sources: S,
        options: GradientOptions<Ones>,
    ) -> Result<S::Gradients, Error> {
        recorder::stop(self.0.serial);
        jacobian(&self.0.record, take_list, &target, &sources, options.unconnected.into())
    }
}

impl GradientTape<Persistent> {
    /// As [`GradientTape::jacobian`]. It is recorded too, so that its own gradient or Jacobian can be asked for.
    ///
    /// # Errors
    /// As for [`GradientTape::jacobian`]; the tape stays usable.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant(2.0f32);
    /// let tape = GradientTape::persistent();
    /// tape.watch(&x);
    /// let y = &x * &x * &x;
    /// let first = tape.jacobian(&y, &x)?;
    /// let second = tape.jacobian(&first, &x)?;
    /// assert_eq!((first.item(), second.item()), (12.0, 12.0));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn jacobian<S: Differentiable>(&self, target: impl OneTensor, sources: S) -> Result<S::Gradients, Error> {
        self.jacobian_with(target, sources, unconnected_gradients(UnconnectedGradients::None))
    }

    /// As [`GradientTape::jacobian_with`].
    ///
    /// # Errors
    /// As for [`GradientTape::jacobian`]; the tape stays usable.
    pub fn jacobian_with<S: Differentiable>(
        &self,
        target: impl OneTensor,
        sources: S,
        options: GradientOptions<Ones>,
    ) -> Result<S::Gradients, Error> {
        jacobian(&self.0.record, copy_list, &target, &sources, options.unconnected.into())
    }
}

/// The Jacobians of a target with respect to the sources.
pub(crate) fn jacobian<S: Differentiable + ?Sized>(
    record: &Rc<RefCell<Record>>,
    take: impl FnOnce(&mut Record) -> WengertList,
    target: &impl OneTensor,
    sources: &S,
    missing: Missing,
) -> Result<S::Gradients, Error> {
    let query = Query::new(record, target, None, sources, missing)?;
    let of_target = query.starts[0].gradient.as_untyped().shared_shape();
    let of_jacobian = |source: &Source| {
        let shape = Shape::new("jacobian", &[&of_target[..], source.value.as_untyped().shape()].concat())?;
        expect_room("jacobian", &shape, &source.value)?;
        Ok(shape)
    };
    let shapes = query.sources.iter().map(of_jacobian).collect::<Result<Vec<Shape>, Error>>()?;
    let list = take(&mut record.borrow_mut());
    let rows = rows(&query, &list, of_target.size(), |element, row| element == row)?;
    let each = rows.into_iter().zip(&query.sources).zip(&shapes);
    let joined = each.map(|((rows, source), shape)| Ok(stacked(rows?, &source.value, shape)));
    sources.gradients(&mut Found(&mut joined.collect()))
}

/// Runs `count` passes, each with ones at the elements of the target for which `is_seeded(element, pass)` holds: a
/// gradient from each for every source, or why a source has none.
pub(super) fn rows(
    query: &Query<'_>,
    list: &WengertList,
    count: usize,
    is_seeded: impl Fn(usize, usize) -> bool,
) -> Result<Vec<Result<Vec<Erased>, Error>>, Error> {
    let run = |row| query.run_with(&mut list.clone(), |element| f64::from(is_seeded(element, row)));
    // An empty target takes a pass too: it tells whether anything leads to the sources.
    let mut gradients = run(0)?;
    let mut found: Vec<Vec<Option<Erased>>> = Vec::new();
    for row in 0..count {
        if row > 0 {
            gradients = run(row)?;
        }
        found.push(query.sources.iter().map(|source| gradients.get(source.slot).cloned()).collect());
    }
    let of_source = |(place, source): (usize, &Source)| {
        let is_missing = gradients.get(source.slot).is_none() && found.iter().all(|row| row[place].is_none());
        let zeros = if is_missing { query.missing(list, &gradients, place)? } else { source.zeros() };
        Ok(found.iter().map(|row| row[place].clone().unwrap_or_else(|| zeros.clone())).collect())
    };
    Ok(query.sources.iter().enumerate().map(of_source).collect())
}

/// Fails if memory for a Jacobian of the dtype of a source cannot be had.
pub(super) fn expect_room(operation: &'static str, shape: &Shape, source: &Erased) -> Result<(), Error> {
    match source {
        Erased::F64(_) => buffers::expect_room::<f64>(operation, shape),
        _ => buffers::expect_room::<f32>(operation, shape),
    }
}

/// Gradients of one source as a tensor of `shape`.
pub(super) fn stacked(rows: Vec<Erased>, source: &Erased, shape: &Shape) -> Erased {
    fn typed<T: Real>(rows: Vec<Erased>, shape: &Shape) -> Erased {
        let rows: Option<Vec<Tensor<T>>> = rows.into_iter().map(Erased::into_tensor).collect();
        Erased::new(ops::stack(&rows.expect("a gradient has the dtype of its source"), shape))
    }
    match source {
        Erased::F64(_) => typed::<f64>(rows, shape),
        _ => typed::<f32>(rows, shape),
    }
}
