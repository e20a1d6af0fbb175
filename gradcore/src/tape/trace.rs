//! What a function did to its arguments, for derivatives of its results.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use smallvec::SmallVec;

use super::accumulator::{paired, tangents_or_zeros};
use super::jacobian::jacobian;
use super::query::{Missing, gradient};
use super::structure::{Differentiable, Leaf, OneTensor, handles, watch};
use crate::error::Error;
use crate::recording::call_site::CallSite;
use crate::recording::list::WengertList;
use crate::recording::record::{Record, Settings, copy_list, take_list};
use crate::recording::running::Recording;
use crate::recording::slots::Slot;
use crate::recording::transpose;
use crate::recording::transpose::Tangent;

/// A finished record of a function. Where a result does not depend on an argument, derivatives are zero.
#[derive(Clone)]
pub(crate) struct Trace(Rc<RefCell<Record>>);

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.borrow().fmt(f)
    }
}

impl Trace {
    /// Calls a function while a tape watches its arguments, and them alone.
    pub(crate) fn of<R>(arguments: &impl Differentiable, call: impl FnOnce() -> R) -> (Self, R) {
        let recording = Recording::start(Settings::default());
        watch(&recording.record, arguments);
        let results = call();
        (Trace(Rc::clone(&recording.record)), results)
    }

    /// The gradients of the sum of the results.
    pub(crate) fn gradient<X: Differentiable>(
        self,
        results: &impl Differentiable,
        arguments: &X,
    ) -> Result<X::Gradients, Error> {
        gradient(&self.0, take_list, results, arguments, None, Missing::ZeroIfIndependent)
    }

    /// The gradients of the results, multiplied by `cotangents`.
    pub(crate) fn pull<X: Differentiable>(
        &self,
        results: &impl Differentiable,
        arguments: &X,
        cotangents: &impl Differentiable,
    ) -> Result<X::Gradients, Error> {
        let seeds = handles(cotangents);
        gradient(&self.0, copy_list, results, arguments, Some(&seeds), Missing::ZeroIfIndependent)
    }

    /// The tangents of the results for those of the arguments, from the first node to the last.
    pub(crate) fn push<Y: Differentiable>(
        &self,
        results: &Y,
        arguments: &impl Differentiable,
        tangents: &impl Differentiable,
    ) -> Result<Y::Gradients, Error> {
        let record = self.0.borrow();
        let mut by_slot: Vec<Option<Tangent>> = vec![None; record.slot_count()];
        let mut given = paired(arguments, tangents)?.into_iter();
        arguments.visit(&mut |leaf: Leaf<'_>| {
            by_slot[record.slot(leaf.tensor_ref.identity) as usize] =
                given.next().map(|tangent| Ok(tangent.into_start()));
        });
        let stops = sweep(&record.list, &mut by_slot);
        tangents_or_zeros(results, |identity| at(&by_slot, record.slot(identity)), record.stopping_cuts().chain(stops))
    }

    /// The Jacobians of the result.
    pub(crate) fn jacobian<X: Differentiable>(
        self,
        result: &impl OneTensor,
        arguments: &X,
    ) -> Result<X::Gradients, Error> {
        jacobian(&self.0, take_list, result, arguments, Missing::ZeroIfIndependent)
    }
}

/// The tangent in a slot.
fn at(tangents: &[Option<Tangent>], slot: Slot) -> Option<Tangent> {
    tangents.get(slot as usize).cloned().flatten()
}

/// Runs the calls from the first to the last, from the tangents of their inputs to those of their outputs. The calls
/// that let none through.
fn sweep(list: &WengertList, tangents: &mut [Option<Tangent>]) -> Vec<CallSite> {
    let mut stops = Vec::new();
    for place in 0..list.len() {
        let inputs: SmallVec<[Option<Tangent>; 2]> =
            list.inputs_of(place).iter().map(|slot| at(tangents, *slot)).collect();
        let Some(backward) = list.backward(place).filter(|_| inputs.iter().any(Option::is_some)) else { continue };
        // Every tape is outside of the function, and sees how the tangents are computed.
        let pushed = transpose::pushed(backward, &inputs, &list.shapes[list.outputs_of(place)], u64::MAX);
        stops.extend(pushed.stops.then(|| backward.site()));
        list.outputs_of(place).zip(pushed.tangents).for_each(|(slot, tangent)| tangents[slot] = tangent);
    }
    stops
}
