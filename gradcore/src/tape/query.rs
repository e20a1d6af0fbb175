//! From a record, targets and sources to gradients, or to the reason why there are none.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::options::UnconnectedGradients;
use super::structure::{Differentiable, Found, Leaf, Visitor, stretched};
use crate::error::{Error, Unconnected};
use crate::recording::call_site::places;
use crate::recording::gradients::Gradients;
use crate::recording::list::WengertList;
use crate::recording::record::{Cut, Record};
use crate::recording::slots::{NONE, Slot};
use crate::recording::tensor_ref::TensorRef;
use crate::recording::{accumulate, recorder};
use crate::tensor::{Erased, Identity, Untyped};

impl<F: FnMut(Leaf<'_>)> Visitor for F {
    fn tensor(&mut self, tensor: Leaf<'_>) {
        self(tensor);
    }
}

/// A target, and the gradient with which the pass starts there.
pub(super) struct Start {
    slot: Slot,
    identity: Identity,
    pub(super) gradient: Erased,
}

pub(super) struct Source {
    pub(super) slot: Slot,
    identity: Identity,
    pub(super) value: Erased,
    name: Option<Arc<str>>,
}

/// What stands for a gradient that does not exist.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Missing {
    /// An error that says why.
    Explained,
    /// Zeros.
    Zero,
    /// Zeros, if the target does not depend on the source but by comparisons; an error, if another operation stops the
    /// gradient on its way.
    ZeroIfIndependent,
}

impl From<UnconnectedGradients> for Missing {
    fn from(unconnected: UnconnectedGradients) -> Self {
        match unconnected {
            UnconnectedGradients::None => Missing::Explained,
            UnconnectedGradients::Zero => Missing::Zero,
        }
    }
}

/// Targets and sources that were found on a record.
pub(super) struct Query<'r> {
    record: &'r Rc<RefCell<Record>>,
    pub(super) starts: Vec<Start>,
    pub(super) sources: Vec<Source>,
    missing: Missing,
}

/// The gradients of the targets' sum with respect to the sources.
pub(crate) fn gradient<S: Differentiable + ?Sized>(
    record: &Rc<RefCell<Record>>,
    take_list: impl FnOnce(&mut Record) -> WengertList,
    target: &(impl Differentiable + ?Sized),
    sources: &S,
    seeds: Option<&[Erased]>,
    missing: Missing,
) -> Result<S::Gradients, Error> {
    let query = Query::new(record, target, seeds, sources, missing)?;
    let mut list = take_list(&mut record.borrow_mut());
    let gradients = query.run(&mut list)?;
    let gradient_of = |(place, source): (usize, &Source)| match gradients.get(source.slot) {
        Some(gradient) => Ok(gradient.clone()),
        None => query.missing(&list, &gradients, place),
    };
    sources.gradients(&mut Found(&mut query.sources.iter().enumerate().map(gradient_of).collect()))
}

impl<'r> Query<'r> {
    pub(super) fn new(
        record: &'r Rc<RefCell<Record>>,
        target: &(impl Differentiable + ?Sized),
        seeds: Option<&[Erased]>,
        sources: &(impl Differentiable + ?Sized),
        missing: Missing,
    ) -> Result<Self, Error> {
        let starts = find_starts(record, target, seeds)?;
        let sources = find_sources(&record.borrow(), sources);
        Ok(Query { record, starts, sources, missing })
    }

    /// Runs the calls from the targets to the sources.
    fn run(&self, list: &mut WengertList) -> Result<Gradients, Error> {
        self.run_from(list, |start| start.gradient.clone())
    }

    /// As [`run`](Self::run), from a target with these numbers as its gradient.
    pub(super) fn run_with(&self, list: &mut WengertList, number: impl Fn(usize) -> f64) -> Result<Gradients, Error> {
        self.run_from(list, |start| start.gradient.as_untyped().with_values(&mut (0..).map(&number)))
    }

    fn run_from(&self, list: &mut WengertList, gradient: impl Fn(&Start) -> Erased) -> Result<Gradients, Error> {
        let mut gradients = Gradients::of(list, self.sources.iter().map(|source| source.slot), accumulate::add);
        for start in &self.starts {
            gradients.start(start.slot, &gradient(start));
        }
        gradients.propagate(list).map_err(|error| *error)?;
        gradients.finish();
        Ok(gradients)
    }

    /// What stands for the gradient of a source that a pass has not reached.
    pub(super) fn missing(&self, list: &WengertList, gradients: &Gradients, place: usize) -> Result<Erased, Error> {
        let source = &self.sources[place];
        if self.missing == Missing::Zero {
            return Ok(source.zeros());
        }
        let reason = self.explain(list, gradients, source);
        match self.missing == Missing::ZeroIfIndependent && reason.is_independence() {
            true => Ok(source.zeros()),
            false => Err(Error::Unconnected { source_name: shown(source, place, self.sources.len()), reason }),
        }
    }

    /// Why no gradient reached a source.
    fn explain(&self, list: &WengertList, gradients: &Gradients, source: &Source) -> Unconnected {
        let record = self.record.borrow();
        if source.slot == NONE {
            return match source.identity.is_variable() {
                true if record.settings.watch_variables => Unconnected::NotRead,
                true => Unconnected::NotWatchedByItself,
                false => Unconnected::NotWatched,
            };
        }
        let reached = list.dependents([source.slot]);
        // A persistent tape has recorded the pass too; what it made there has later slots.
        let is_reached = |slot: &Slot| reached.get(*slot as usize).copied().unwrap_or(false);
        let stops = places(gradients.stops().iter().filter(|stop| is_reached(&stop.input)).map(|stop| stop.site));
        let counts = |cut: &&Cut| !cut.is_comparison || self.missing != Missing::ZeroIfIndependent;
        let cuts = record.cuts.iter().filter(counts).filter(|cut| cut.inputs.iter().any(is_reached));
        let cuts = places(cuts.map(|cut| cut.site));
        if !stops.is_empty() {
            return Unconnected::Stopped { by: stops };
        }
        let Some(start) = self.starts.iter().find(|start| start.slot == NONE) else {
            return Unconnected::NoPath { cuts };
        };
        if !cuts.is_empty() {
            return Unconnected::Stopped { by: cuts };
        }
        match start.identity {
            identity if record.pauses.iter().any(|pause| pause.contains(&identity.sequence())) => {
                Unconnected::WhileStopped
            }
            identity if record.unseen_body(identity).is_some() => {
                Unconnected::InBody { call: places(record.unseen_body(identity).into_iter()).concat() }
            }
            identity if recorder::aside::is_on_another_tape(identity, self.record) => Unconnected::OtherTape,
            identity if !record.is_younger(identity) => Unconnected::TargetBeforeTape,
            identity if record.watched_since(source.slot).is_some_and(|since| identity.sequence() < since) => {
                Unconnected::WatchedTooLate
            }
            _ => Unconnected::TargetNotRecorded,
        }
    }
}

impl Source {
    pub(super) fn zeros(&self) -> Erased {
        self.value.as_untyped().filled(0.0)
    }
}

fn find_starts(
    record: &RefCell<Record>,
    target: &(impl Differentiable + ?Sized),
    seeds: Option<&[Erased]>,
) -> Result<Vec<Start>, Error> {
    let mut starts = Vec::new();
    let mut mismatch = None;
    target.visit(&mut |leaf: Leaf<'_>| {
        let gradient = match seeds.map(|seeds| seeds.get(starts.len())) {
            None => ones(leaf.value),
            // The counts differ, which is reported below.
            Some(None) => leaf.value.filled(0.0),
            Some(Some(seed)) => stretched(seed, leaf.value).unwrap_or_else(|| {
                let found = seed.as_untyped().shape().to_vec();
                mismatch.get_or_insert_with(|| (leaf.value.shape().to_vec(), found));
                leaf.value.filled(0.0)
            }),
        };
        starts.push(Start {
            slot: record.borrow().slot(leaf.tensor_ref.identity),
            identity: leaf.tensor_ref.identity,
            gradient,
        });
    });
    match (seeds, mismatch) {
        (Some(seeds), _) if seeds.len() != starts.len() => {
            Err(Error::OutputGradientCount { expected: starts.len(), found: seeds.len() })
        }
        (_, Some((expected, found))) => Err(Error::OutputGradientShape { expected, found }),
        _ => Ok(starts),
    }
}

fn ones(target: &dyn Untyped) -> Erased {
    let mut ones = target.filled(1.0);
    ones.become_gradient();
    ones
}

fn find_sources(record: &Record, sources: &(impl Differentiable + ?Sized)) -> Vec<Source> {
    let mut found = Vec::new();
    sources.visit(&mut |Leaf { tensor_ref: TensorRef { identity, seen }, value }: Leaf<'_>| {
        let (slot, name) = (record.slot(identity), seen.name());
        found.push(Source { slot, identity, value: value.erased(), name });
    });
    found
}

/// How messages call a source.
fn shown(source: &Source, place: usize, count: usize) -> String {
    match &source.name {
        Some(name) => format!("variable `{name}`"),
        None if count == 1 => "the source".into(),
        None => format!("source {place}, counted from 0"),
    }
}
