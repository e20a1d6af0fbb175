//! From a record, targets and sources to gradients, or to the reason why there are none.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::backward::Gradients;
use super::differentiable::{Differentiable, Found, Leaf, Visitor};
use super::hooks::Hooks;
use super::list::WengertList;
use super::node::places;
use super::options::UnconnectedGradients;
use super::record::{Member, Record};
use super::recorder;
use super::slots::{NONE, Slot};
use crate::error::{Error, Unconnected};
use crate::tensor::{Erased, Identity};

impl<F: FnMut(Leaf<'_>)> Visitor for F {
    fn tensor(&mut self, tensor: Leaf<'_>) {
        self(tensor);
    }
}

/// A target, and the gradient with which the pass starts there.
struct Start {
    slot: Slot,
    identity: Identity,
    gradient: Erased,
}

/// A source, and what stands for its gradient where none reaches it.
struct Source {
    slot: Slot,
    identity: Identity,
    zeros: Option<Erased>,
    name: Option<Arc<str>>,
}

/// A list of calls and hooks for one pass: taken from a one-shot tape, copied from a persistent one.
pub(super) struct Pass {
    pub(super) list: WengertList,
    pub(super) hooks: Hooks,
}

/// The gradients of the targets' sum with respect to the sources.
pub(super) fn gradient<S: Differentiable + ?Sized>(
    record: &Rc<RefCell<Record>>,
    take_pass: impl FnOnce(&mut Record) -> Pass,
    target: &(impl Differentiable + ?Sized),
    sources: &S,
    seeds: Option<&[Erased]>,
    unconnected: UnconnectedGradients,
) -> Result<S::Gradients, Error> {
    let starts = find_starts(&record.borrow(), target, seeds)?;
    let found = find_sources(&record.borrow(), sources, unconnected);
    let Pass { mut list, hooks } = take_pass(&mut record.borrow_mut());

    let mut gradients = Gradients::new(&list, found.iter().map(|source| source.slot));
    for start in &starts {
        gradients.start(start.slot, &start.gradient);
    }
    gradients.propagate_with_hooks(&mut list, &hooks).map_err(|error| *error)?;

    let gradient_of = |(place, source): (usize, &Source)| match gradients.get(source.slot).or(source.zeros.as_ref()) {
        Some(gradient) => Ok(gradient.clone()),
        None => Err(Error::Unconnected {
            source_name: shown(source, place, found.len()),
            reason: explain(record, &list, &gradients, &starts, source),
        }),
    };
    sources.gradients(&mut Found(&mut found.iter().enumerate().map(gradient_of).collect()))
}

fn find_starts(
    record: &Record,
    target: &(impl Differentiable + ?Sized),
    seeds: Option<&[Erased]>,
) -> Result<Vec<Start>, Error> {
    let mut starts = Vec::new();
    let mut mismatch = None;
    target.visit(&mut |leaf: Leaf<'_>| {
        let gradient = match seeds.map(|seeds| seeds.get(starts.len())) {
            None => leaf.value.filled(1.0),
            // The counts differ, which is reported below.
            Some(None) => leaf.value.filled(0.0),
            Some(Some(seed)) => seed.stretched(leaf.value).unwrap_or_else(|| {
                let found = seed.as_untyped().shape().to_vec();
                mismatch.get_or_insert_with(|| (leaf.value.shape().to_vec(), found));
                leaf.value.filled(0.0)
            }),
        };
        starts.push(Start { slot: record.slot(leaf.member.identity), identity: leaf.member.identity, gradient });
    });
    match (seeds, mismatch) {
        (Some(seeds), _) if seeds.len() != starts.len() => {
            Err(Error::OutputGradientCount { expected: starts.len(), found: seeds.len() })
        }
        (_, Some((expected, found))) => Err(Error::OutputGradientShape { expected, found }),
        _ => Ok(starts),
    }
}

fn find_sources(
    record: &Record,
    sources: &(impl Differentiable + ?Sized),
    unconnected: UnconnectedGradients,
) -> Vec<Source> {
    let mut found = Vec::new();
    sources.visit(&mut |Leaf { member: Member { identity, seen }, value }: Leaf<'_>| {
        let zeros = (unconnected == UnconnectedGradients::Zero).then(|| value.filled(0.0));
        found.push(Source { slot: record.slot(identity), identity, zeros, name: seen.name() });
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

/// Why no gradient reached a source.
fn explain(
    shared: &Rc<RefCell<Record>>,
    list: &WengertList,
    gradients: &Gradients,
    starts: &[Start],
    source: &Source,
) -> Unconnected {
    let record = shared.borrow();
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
    let stops = places(gradients.stops().iter().filter(|stop| is_reached(&stop.input)).map(|stop| stop.origin));
    let cuts = places(record.cuts.iter().filter(|cut| cut.inputs.iter().any(is_reached)).map(|cut| cut.origin));
    if !stops.is_empty() {
        return Unconnected::Stopped { by: stops };
    }
    let Some(start) = starts.iter().find(|start| start.slot == NONE) else { return Unconnected::NoPath { cuts } };
    if !cuts.is_empty() {
        return Unconnected::Stopped { by: cuts };
    }
    match start.identity {
        identity if recorder::is_on_another_tape(identity, shared) => Unconnected::OtherTape,
        identity if !record.is_younger(identity) => Unconnected::TargetBeforeTape,
        identity if record.watched_since(source.slot).is_some_and(|since| identity.sequence() < since) => {
            Unconnected::WatchedTooLate
        }
        _ => Unconnected::TargetNotRecorded,
    }
}
