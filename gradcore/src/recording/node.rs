//! A call as a pass sees it: its backward function, and where the gradients go that it gives.

use smallvec::SmallVec;

use super::call_site::{CallSite, Fit};
use super::gradients::{Gradients, Stop};
use super::notes;
use super::positions::{LAST_BIT, is_in};
use super::slots::{NONE, Slot};
use crate::element::Element;
use crate::error::{Error, GradientFailure, GradientShape, TensorOfCall};
use crate::shape::Shape;
use crate::tensor::{Erased, Tensor};

/// The gradients that reached the outputs of a node, one for each; an output that nobody used has none.
pub struct Upstream<'a> {
    pub(crate) gradients: &'a mut [Option<Erased>],
    pub(crate) shapes: &'a [Shape],
}

/// Tensors of the shapes and dtypes of a call's outputs, filled with numbers, or with ones if any will do; none for an
/// output without gradient.
pub struct ProbeOutputs<'a> {
    pub(crate) shapes: std::slice::Iter<'a, Shape>,
    pub(crate) numbers: Option<&'a mut dyn Iterator<Item = f64>>,
    pub(crate) filled: SmallVec<[Option<Erased>; 1]>,
}

impl ProbeOutputs<'_> {
    /// Makes the tensor of the next output.
    pub(crate) fn next<T: Element>(&mut self) {
        let shape = self.shapes.next().expect("there is a shape for each output");
        let filled = || match &mut self.numbers {
            Some(numbers) => Tensor::<T>::of_numbers(shape, numbers),
            None => Tensor::filled("gradient", shape.clone(), T::ONE),
        };
        self.filled.push(T::REAL.then(filled).map(Erased::new));
    }
}

/// How a rule's turn ended. The error is in a box, because this passes through every gradient.
pub(crate) type Outcome = Result<(), Box<Error>>;

/// The backward function of a recorded call: gives `sink` the gradients of the inputs that it needs.
pub(crate) trait Backward {
    fn site(&self) -> CallSite;
    /// Name of the differentiable input at a position.
    fn parameter(&self, position: usize) -> String;
    /// Makes a tensor for each output, of its dtype.
    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>);
    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>);
    /// Whether the rule is known to give no gradient for the input at a position, whatever reaches the call.
    fn stops(&self, _position: usize) -> bool {
        false
    }
}

/// Where a rule's gradients enter the pass: checked, and added to what is there.
pub(crate) struct Sink<'a> {
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
    pub(super) fn new(
        gradients: &'a mut Gradients,
        shapes: &'a [Shape],
        inputs: &'a [Slot],
        backward: &'a dyn Backward,
    ) -> Self {
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
        let call = self.backward.site().rule_call();
        let parameter = if size > 1 { self.list(position) } else { self.backward.parameter(position) };
        self.error = Some(Box::new(Error::NotImplemented { parameter, call, reason }));
    }

    /// The parameter that has a tensor at a position in its list.
    fn list(&self, position: usize) -> String {
        let parameter = self.backward.parameter(position);
        parameter.split('[').next().unwrap_or_default().to_owned()
    }

    /// Ends the pass: the rule gave another number of gradients for a list than it has tensors, from `position` on.
    #[cold]
    pub(crate) fn refuse_count(&mut self, position: usize, expected: usize, found: usize) {
        let call = self.backward.site().rule_call();
        let parameter = self.list(position);
        self.error = Some(Box::new(Error::GradientCount { call, parameter, expected, found }));
    }

    /// Ends the pass: the rule could give no gradients.
    #[cold]
    pub(crate) fn fail(&mut self, source: Box<dyn std::error::Error + Send + Sync>) {
        let call = self.backward.site().rule_call();
        self.error = Some(Box::new(Error::GradientFailed(Box::new(GradientFailure { call, source: source.into() }))));
    }

    /// Ends the pass with an error.
    #[cold]
    pub(crate) fn end(&mut self, error: Error) {
        self.error = Some(Box::new(error));
    }

    /// Gives nothing for an input that is needed: the rule has found that it does not depend on it, or is stopped by these calls.
    pub(crate) fn pass_over(&mut self, position: usize, stopped_by: impl Iterator<Item = CallSite>) {
        self.given |= 1 << position.min(LAST_BIT as usize);
        let input = self.inputs[position];
        self.gradients.stops.extend(stopped_by.map(|site| Stop { site, input }));
    }

    /// Ends the rule's turn.
    #[inline]
    pub(super) fn finish(&mut self) -> Outcome {
        if self.asked != self.given {
            self.note_stops();
        }
        self.error.take().map_or(Ok(()), Err)
    }
}

impl Sink<'_> {
    #[cold]
    fn note_stops(&mut self) {
        let missing = self.asked & !self.given;
        for (position, slot) in self.inputs.iter().enumerate() {
            if is_in(missing, position) {
                self.gradients.stops.push(Stop { site: self.backward.site(), input: *slot });
            }
        }
    }

    /// Adds a gradient, unless it or the sum is not finite.
    #[cold]
    fn add_checked(&mut self, position: usize, gradient: Erased) {
        let slot = self.inputs[position];
        let parameter = || self.backward.parameter(position);
        let made = notes::bad_in(&gradient, || TensorOfCall::Gradient(parameter())).or_else(|| {
            self.gradients.add(slot, gradient);
            let sum = self.gradients.get(slot)?;
            notes::bad_in(sum, || TensorOfCall::Sum(parameter()))
        });
        if let Some(made) = made {
            let given = self.gradients.bad.take().unwrap_or_default();
            self.end(notes::not_finite(self.backward.site(), made, given));
        }
    }

    /// Takes a gradient of another shape than its input's, if the rule has a way to fit it.
    fn put_fitted<T: Element>(&mut self, position: usize, gradient: Tensor<T>) {
        let slot = self.inputs[position];
        let shape = &self.shapes[slot as usize];
        let fitted = self.backward.site().rule.fit.as_ref().map(|Fit(fit)| fit(Erased::new(gradient.clone()), shape));
        match fitted.filter(|fitted| *shape == fitted.as_untyped().shape()) {
            Some(fitted) => self.add(position, fitted),
            None => self.refuse_shape(position, gradient.shape()),
        }
    }

    #[cold]
    fn refuse_shape(&mut self, position: usize, found: &[usize]) {
        let call = self.backward.site().rule_call();
        let shape = Error::GradientShape(Box::new(GradientShape {
            call,
            parameter: self.backward.parameter(position),
            expected: self.shapes[self.inputs[position] as usize].to_vec(),
            found: found.to_vec(),
        }));
        self.error = Some(Box::new(shape));
    }
}
