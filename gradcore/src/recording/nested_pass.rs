//! A pass within a pass: a backward function differentiates what it computes.

use smallvec::SmallVec;

use super::gradients::Gradients;
use super::node::{Sink, Upstream};
use super::record::Settings;
use super::running::Recording;
use super::slots::Slot;
use super::tensor_ref::{FoundInput, Output};
use super::{accumulate, recorder};

/// Records what runs while it lives.
pub(crate) struct NestedPass<'i> {
    tape: Recording,
    inputs: &'i [FoundInput],
}

impl<'i> NestedPass<'i> {
    /// Watches the inputs of a call, which are all different.
    pub(crate) fn of(inputs: &'i [FoundInput]) -> Self {
        let tape = Recording::start(Settings::default());
        inputs.iter().for_each(|input| {
            tape.record.borrow_mut().watch(input.tensor_ref());
        });
        NestedPass { tape, inputs }
    }

    /// Takes the gradients that reached the call's outputs back to its inputs.
    pub(crate) fn give(self, outputs: &[Output<'_>], upstream: &Upstream<'_>, sink: &mut Sink<'_>) {
        recorder::stop(self.tape.serial);
        let needed: SmallVec<[usize; 4]> = (0..self.inputs.len()).filter(|position| sink.needs(*position)).collect();
        let mut record = self.tape.record.borrow_mut();
        let mut list = std::mem::take(&mut record.list);
        let sources: SmallVec<[Slot; 4]> =
            needed.iter().map(|position| record.slot(self.inputs[*position].tensor_ref().identity)).collect();
        let mut pass = Gradients::of(&list, sources.iter().copied(), accumulate::add);
        for (output, gradient) in outputs.iter().zip(upstream.gradients.iter()) {
            if let Some(gradient) = gradient {
                pass.start(record.slot(output.inside), gradient);
            }
        }
        drop(record);
        if let Err(error) = pass.propagate(&mut list) {
            return sink.end(*error);
        }
        let record = self.tape.record.borrow();
        for (position, source) in needed.into_iter().zip(sources) {
            match pass.get(source) {
                Some(gradient) => sink.put_erased(position, gradient.clone()),
                None => sink.pass_over(position, record.stops_after(&list, &pass, source).into_iter()),
            }
        }
    }
}
