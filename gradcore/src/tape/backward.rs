//! The backward pass: from the gradients of targets to those of sources. It knows no operation.

use std::ops::Range;

use smallvec::SmallVec;

use super::inspect::numerics;
use super::list::WengertList;
use super::node::{Backward, Fit, Origin, Outcome, Upstream};
use super::recorder::LAST_BIT;
use super::slots::{NONE, Slot};
use crate::element::Element;
use crate::error::{BadNumber, Error, GradientFailure, GradientShape, TensorOfCall};
use crate::shape::Shape;
use crate::tensor::{Erased, Tensor};

/// Gradients by slot, and what is wanted of each.
pub(crate) struct Gradients {
    by_slot: Vec<Option<Erased>>,
    /// Slots that depend on a source: only their gradients are computed.
    depends: Vec<bool>,
    /// Slots of sources: their gradients stay to the end.
    is_source: Vec<bool>,
    stops: Vec<Stop>,
    /// Of a pass that looks for numbers that are not finite: what goes into the running call and is not.
    bad: Option<Vec<BadNumber>>,
}

/// An input for which a rule returned no gradient although one was needed.
pub(crate) struct Stop {
    pub(crate) origin: Origin,
    pub(crate) input: Slot,
}

impl Gradients {
    pub(crate) fn new(list: &WengertList, sources: impl Iterator<Item = Slot> + Clone) -> Self {
        let sources = sources.filter(|slot| *slot != NONE);
        let slots = list.shapes.len();
        let mut is_source = vec![false; slots];
        sources.clone().for_each(|slot| is_source[slot as usize] = true);
        let depends = list.dependents(sources);
        Gradients {
            by_slot: vec![None; slots],
            depends,
            is_source,
            stops: Vec::new(),
            bad: list.checks_numerics.then(Vec::new),
        }
    }

    /// Starts the pass at a target.
    pub(crate) fn start(&mut self, target: Slot, gradient: &Erased) {
        if target != NONE {
            self.add(target, gradient.clone());
        }
    }

    /// Adds a contribution: the first is moved in.
    #[inline]
    fn add(&mut self, slot: Slot, gradient: Erased) {
        match &mut self.by_slot[slot as usize] {
            Some(sum) => *sum += gradient,
            none => *none = Some(gradient),
        }
    }

    /// The gradient of a tensor as far as it has come, if it leads to a source.
    pub(super) fn needed(&mut self, slot: Slot) -> Option<&mut Erased> {
        let gradient = self.by_slot[slot as usize].as_mut();
        gradient.filter(|_| self.depends[slot as usize])
    }

    /// The gradient of a source, at the end.
    pub(crate) fn get(&self, slot: Slot) -> Option<&Erased> {
        self.by_slot.get(slot as usize)?.as_ref()
    }

    pub(crate) fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Runs the calls from the last to the first; what each has kept is dropped when it has run.
    pub(crate) fn propagate(&mut self, list: &mut WengertList) -> Outcome {
        if self.bad.is_some() {
            let targets = self.by_slot.iter().map(Option::is_some).collect();
            numerics::first_call(list, targets).map_or(Ok(()), |error| Err(Box::new(error)))?;
        }
        if !list.hooks.is_empty() {
            let hooks = std::mem::take(&mut list.hooks);
            return self.propagate_with_hooks(list, &hooks);
        }
        self.propagate_part(list, 0..list.len())
    }

    /// As [`propagate`](Self::propagate), for the calls at some places.
    #[inline]
    pub(super) fn propagate_part(&mut self, list: &mut WengertList, places: Range<usize>) -> Outcome {
        for place in places.rev() {
            let Some(backward) = list.take_backward(place) else { continue };
            let outputs = list.outputs_of(place);
            let Some(mut upstream) = self.take_upstream(list.inputs_of(place), outputs.clone()) else { continue };
            if let Some(bad) = &mut self.bad {
                *bad = numerics::given(&*backward, &upstream);
            }
            let upstream = Upstream { gradients: &mut upstream, shapes: &list.shapes[outputs] };
            let mut sink = Sink::new(self, &list.shapes, list.inputs_of(place), &*backward);
            backward.run(upstream, &mut sink);
            sink.finish()?;
        }
        Ok(())
    }

    /// The gradients that reached the outputs of a call, if any did and one of its inputs leads to a source.
    #[inline]
    fn take_upstream(&mut self, inputs: &[Slot], outputs: Range<usize>) -> Option<SmallVec<[Option<Erased>; 1]>> {
        if !inputs.iter().any(|slot| *slot != NONE && self.depends[*slot as usize]) {
            return None;
        }
        let mut upstream: SmallVec<[Option<Erased>; 1]> = SmallVec::new();
        let mut reached = false;
        for slot in outputs {
            let gradient = &mut self.by_slot[slot];
            reached |= gradient.is_some();
            upstream.push(if self.is_source[slot] { gradient.clone() } else { gradient.take() });
        }
        reached.then_some(upstream)
    }
}

/// Whether the bit of a position is set, which the last bit is for all that follow.
fn is_in(positions: u64, position: usize) -> bool {
    positions >> position.min(LAST_BIT as usize) & 1 != 0
}

/// Where a rule's gradients enter the pass: checked, and added to what is there.
pub struct Sink<'a> {
    gradients: &'a mut Gradients,
    shapes: &'a [Shape],
    /// The slots of the call's inputs.
    inputs: &'a [Slot],
    backward: &'a dyn Backward,
    /// Bit `k` for the `k`th input, the last one for all that follow: whether its gradient is needed, and whether the
    /// rule gave one.
    asked: u64,
    given: u64,
    error: Option<Box<Error>>,
    /// The input whose gradient the rule gives next, and the position of its first tensor.
    pub(crate) next: (usize, usize),
}

impl<'a> Sink<'a> {
    #[inline]
    fn new(gradients: &'a mut Gradients, shapes: &'a [Shape], inputs: &'a [Slot], backward: &'a dyn Backward) -> Self {
        Sink { gradients, shapes, inputs, backward, asked: 0, given: 0, error: None, next: (0, 0) }
    }

    /// Whether the gradient of one of the inputs in `positions` leads to a source: bit `k` for the `k`th.
    pub(crate) fn wants(&self, positions: u64) -> bool {
        let mut inputs = self.inputs.iter().enumerate();
        inputs.any(|(position, slot)| is_in(positions, position) && self.leads_to_source(*slot))
    }

    #[inline]
    fn leads_to_source(&self, slot: Slot) -> bool {
        slot != NONE && self.gradients.depends[slot as usize] && self.error.is_none()
    }

    /// As [`wants`](Self::wants) for one input, whose gradient the rule is then expected to give.
    #[inline]
    pub(crate) fn needs(&mut self, position: usize) -> bool {
        let needs = self.leads_to_source(self.inputs[position]);
        self.asked |= u64::from(needs) << position.min(LAST_BIT as usize);
        needs
    }

    /// Takes the gradient of an input that is needed.
    #[inline]
    pub(crate) fn put<T: Element>(&mut self, position: usize, gradient: Tensor<T>) {
        let slot = self.inputs[position];
        self.given |= 1 << position.min(LAST_BIT as usize);
        if self.shapes[slot as usize] == gradient.shape() {
            self.add(position, Erased::new(gradient));
        } else {
            self.put_fitted(position, gradient);
        }
    }

    #[inline]
    fn add(&mut self, position: usize, gradient: Erased) {
        match self.gradients.bad {
            None => self.gradients.add(self.inputs[position], gradient),
            Some(_) => self.add_checked(position, gradient),
        }
    }

    /// As [`put`](Self::put), of whatever dtype.
    pub(crate) fn put_erased(&mut self, position: usize, gradient: Erased) {
        match gradient {
            Erased::F32(gradient) => self.put(position, gradient),
            Erased::F64(gradient) => self.put(position, gradient),
            _ => unreachable!("gradients are real"),
        }
    }

    /// Ends the pass: nobody has written the gradient of one of so many tensors, from `position` on, which is needed.
    #[cold]
    pub(crate) fn refuse_not_implemented(&mut self, position: usize, size: usize, reason: &'static str) {
        let Origin { rule, called } = self.backward.origin();
        let parameter = if size > 1 { self.list(position) } else { self.backward.parameter(position) };
        let (function, defined) = (rule.name, rule.place());
        self.error = Some(Box::new(Error::NotImplemented { parameter, function, defined, called, reason }));
    }

    /// The parameter that has a tensor at a position in its list.
    fn list(&self, position: usize) -> String {
        let parameter = self.backward.parameter(position);
        parameter.split('[').next().unwrap_or_default().to_owned()
    }

    /// Ends the pass: the rule gave another number of gradients for a list than it has tensors, from `position` on.
    #[cold]
    pub(crate) fn refuse_count(&mut self, position: usize, expected: usize, found: usize) {
        let Origin { rule, called } = self.backward.origin();
        let parameter = self.list(position);
        let (function, defined) = (rule.name, rule.place());
        self.error = Some(Box::new(Error::GradientCount { function, parameter, expected, found, defined, called }));
    }

    /// Ends the pass: the rule could give no gradients.
    #[cold]
    pub(crate) fn fail(&mut self, source: Box<dyn std::error::Error + Send + Sync>) {
        let Origin { rule, called } = self.backward.origin();
        let (function, defined) = (rule.name, rule.place());
        self.error = Some(Box::new(Error::GradientFailed(Box::new(GradientFailure {
            function,
            defined,
            called,
            source: source.into(),
        }))));
    }

    /// Ends the pass with an error.
    #[cold]
    pub(crate) fn end(&mut self, error: Error) {
        self.error = Some(Box::new(error));
    }

    /// Ends the rule's turn.
    #[inline]
    fn finish(mut self) -> Outcome {
        if self.asked != self.given {
            self.note_stops();
        }
        self.error.map_or(Ok(()), Err)
    }
}

impl Sink<'_> {
    #[cold]
    fn note_stops(&mut self) {
        let missing = self.asked & !self.given;
        for (position, slot) in self.inputs.iter().enumerate() {
            if is_in(missing, position) {
                self.gradients.stops.push(Stop { origin: self.backward.origin(), input: *slot });
            }
        }
    }

    /// Adds a gradient, unless it or the sum is not finite.
    #[cold]
    fn add_checked(&mut self, position: usize, gradient: Erased) {
        let slot = self.inputs[position];
        let parameter = || self.backward.parameter(position);
        let made = numerics::bad_in(&gradient, || TensorOfCall::Gradient(parameter())).or_else(|| {
            self.gradients.add(slot, gradient);
            let sum = self.gradients.get(slot)?;
            numerics::bad_in(sum, || TensorOfCall::Sum(parameter()))
        });
        if let Some(made) = made {
            let given = self.gradients.bad.take().unwrap_or_default();
            self.end(numerics::not_finite(self.backward.origin(), made, given));
        }
    }

    /// Takes a gradient of another shape than its input's, if the rule has a way to fit it.
    fn put_fitted<T: Element>(&mut self, position: usize, gradient: Tensor<T>) {
        let slot = self.inputs[position];
        let shape = &self.shapes[slot as usize];
        let fitted = self.backward.origin().rule.fit.as_ref().map(|Fit(fit)| fit(Erased::new(gradient.clone()), shape));
        match fitted.filter(|fitted| *shape == fitted.as_untyped().shape()) {
            Some(fitted) => self.add(position, fitted),
            None => self.refuse_shape(position, gradient.shape()),
        }
    }

    #[cold]
    fn refuse_shape(&mut self, position: usize, found: &[usize]) {
        let Origin { rule, called } = self.backward.origin();
        let shape = Error::GradientShape(Box::new(GradientShape {
            function: rule.name,
            parameter: self.backward.parameter(position),
            expected: self.shapes[self.inputs[position] as usize].to_vec(),
            found: found.to_vec(),
            defined: rule.place(),
            called,
        }));
        self.error = Some(Box::new(shape));
    }
}
