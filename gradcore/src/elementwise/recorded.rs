//! What tapes hear of a loop.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::element::Real;
use crate::recording::call_site::{CallSite, Rule};
use crate::recording::notes::NotedValue;
use crate::recording::tensor_ref::{Output, TensorRef};
use crate::recording::{node, recorder};
use crate::tensor::Tensor;

/// Records a call that has ended: outputs computed from inputs, on every tape that watches one of these. The backward
/// function keeps the first `kept` inputs.
#[track_caller]
pub(super) fn record<T: Real>(
    site: CallSite,
    inputs: &[TensorRef<'_>],
    kept: usize,
    outputs: &[&Tensor<T>],
    backward: impl FnOnce() -> Rc<dyn node::Backward>,
) {
    if recorder::is_idle() {
        return;
    }
    let begun = recorder::begin(site.rule, inputs, &[]);
    if recorder::notes_saved() && begun.watched != 0 {
        recorder::note_residuals(begun, noted(site.rule, &inputs[..kept]));
    }
    let described = outputs.iter().map(|output| {
        let identity = output.identity();
        Output { inside: identity, outside: identity, value: *output }
    });
    recorder::finish(begun, &described.collect::<SmallVec<[Output<'_>; 1]>>(), backward);
}

/// Inputs that a backward function keeps: those of the function, and for a backward loop `dy`.
fn noted(rule: &'static Rule, inputs: &[TensorRef<'_>]) -> impl Iterator<Item = NotedValue> {
    let names = rule.parameters.iter().copied().chain(["dy"]);
    names.zip(inputs).filter_map(|(name, input)| Some(NotedValue::tensor_of(name, input.seen.handle()?)))
}
