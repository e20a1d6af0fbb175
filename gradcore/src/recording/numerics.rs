//! The first number that is not finite, forward and backward.

use super::list::WengertList;
use super::notes::{Notes, bad_in, not_finite};
use crate::error::{BadNumber, Error, TensorOfCall};
use crate::tensor::Erased;

/// What goes into the backward function of a call and is not finite.
#[cold]
pub(crate) fn bad_before(notes: Option<&Notes>, upstream: &[Option<Erased>]) -> Vec<BadNumber> {
    let number = |number: usize| (upstream.len() > 1).then_some(number);
    let upstream = upstream
        .iter()
        .enumerate()
        .filter_map(|(output, gradient)| bad_in(gradient.as_ref()?, || TensorOfCall::Upstream(number(output))));
    let inputs = notes.map(|notes| notes.inputs.clone()).unwrap_or_default();
    upstream.chain(inputs).collect()
}

/// The first call on which one of the tensors in `targets` depends, and whose output is not finite. If its inputs were
/// not either, the first such call of all: it may have led there by a way without gradient.
#[cold]
pub(crate) fn first_call(list: &WengertList, targets: Vec<bool>) -> Option<Error> {
    let leads = list.leading_to(targets);
    let bad = |place: usize| {
        let Notes { output, inputs, .. } = list.notes(place)?;
        Some((list.backward(place)?.site(), output.clone()?, inputs))
    };
    let is_needed = |place: &usize| list.outputs_of(*place).any(|slot| leads[slot]);
    let found = (0..list.len()).filter(is_needed).find_map(bad)?;
    let (site, made, inputs) = match found.2.is_empty() {
        true => found,
        false => (0..list.len()).find_map(bad).unwrap_or(found),
    };
    Some(not_finite(site, made, inputs.clone()))
}
