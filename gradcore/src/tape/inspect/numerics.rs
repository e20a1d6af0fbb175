//! The first number that is not finite, forward and backward.

use super::Notes;
use crate::error::{BadNumber, BadValue, Error, NotFinite, TensorOfCall};
use crate::tape::list::WengertList;
use crate::tape::node::{Backward, Origin};
use crate::tape::record::{Member, Output};
use crate::tensor::Erased;

/// An argument that is not finite, by its place among the inputs, which one that is `#[nondiff]` has not.
pub(super) struct BadInput {
    position: Option<usize>,
    index: Vec<usize>,
    value: BadValue,
}

impl BadInput {
    pub(super) fn named(self, backward: &dyn Backward) -> BadNumber {
        let tensor =
            self.position.map_or(TensorOfCall::Nondiff, |position| TensorOfCall::Input(backward.parameter(position)));
        BadNumber { tensor, index: self.index, value: self.value }
    }
}

/// The arguments of a call that are not finite.
pub(super) fn bad_inputs<'a>(inputs: &'a [Member<'a>], known: &'a [Member<'a>]) -> impl Iterator<Item = BadInput> + 'a {
    let inputs = inputs.iter().enumerate().map(|(position, input)| (Some(position), input));
    inputs.chain(known.iter().map(|known| (None, known))).filter_map(|(position, member)| {
        let (index, value) = first_in(&member.seen.handle()?)?;
        Some(BadInput { position, index, value })
    })
}

/// The first output of a call that is not finite.
pub(super) fn bad_output(outputs: &[Output<'_>]) -> Option<BadNumber> {
    outputs.iter().enumerate().find_map(|(number, output)| {
        let number = (outputs.len() > 1).then_some(number);
        bad_in(&output.value.erased(), || TensorOfCall::Output(number))
    })
}

/// The first element that is not finite, of a tensor that is what `tensor` says.
pub(crate) fn bad_in(values: &Erased, tensor: impl FnOnce() -> TensorOfCall) -> Option<BadNumber> {
    let (index, value) = first_in(values)?;
    Some(BadNumber { tensor: tensor(), index, value })
}

fn first_in(tensor: &Erased) -> Option<(Vec<usize>, BadValue)> {
    let (place, value) = tensor.first_not_finite()?;
    Some((index_of(place, tensor.as_untyped().shape()), BadValue::of(value)?))
}

/// The index of an element, from its place in row-major order.
fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, size) in shape.iter().enumerate().rev() {
        index[axis] = place % size;
        place /= size;
    }
    index
}

/// What goes into the backward function of a call and is not finite.
#[cold]
pub(crate) fn given(backward: &dyn Backward, upstream: &[Option<Erased>]) -> Vec<BadNumber> {
    let number = |number: usize| (upstream.len() > 1).then_some(number);
    let upstream = upstream
        .iter()
        .enumerate()
        .filter_map(|(output, gradient)| bad_in(gradient.as_ref()?, || TensorOfCall::Upstream(number(output))));
    let inputs = backward.notes().map(|notes| notes.inputs.clone()).unwrap_or_default();
    upstream.chain(inputs).collect()
}

/// What is said of a call that made a number that is not finite.
pub(crate) fn not_finite(Origin { rule, called }: Origin, made: BadNumber, given: Vec<BadNumber>) -> Error {
    Error::NotFinite(Box::new(NotFinite { function: rule.name, defined: rule.place(), called, made, given }))
}

/// The first call on which one of the tensors in `targets` depends, and whose output is not finite. If its inputs were
/// not either, the first such call of all: it may have led there by a way without gradient.
#[cold]
pub(crate) fn first_call(list: &WengertList, targets: Vec<bool>) -> Option<Error> {
    let leads = list.leading_to(targets);
    let bad = |place: usize| {
        let backward = list.backward(place)?;
        let Notes { output, inputs, .. } = backward.notes()?;
        Some((backward.origin(), output.clone()?, inputs))
    };
    let is_needed = |place: &usize| list.outputs_of(*place).any(|slot| leads[slot]);
    let found = (0..list.len()).filter(is_needed).find_map(bad)?;
    let (origin, made, inputs) = match found.2.is_empty() {
        true => found,
        false => (0..list.len()).find_map(bad).unwrap_or(found),
    };
    Some(not_finite(origin, made, inputs.clone()))
}
