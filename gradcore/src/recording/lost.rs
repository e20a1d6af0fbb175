//! Gradients that would be lost: of watched tensors that a body uses, and that are none of its inputs, and of tensors that leave a
//! body beside its outputs.

use super::call_site::{CallSite, Rule};
use super::frames::Frame;
use super::record::Record;
use super::tensor_ref::TensorRef;
use crate::tensor::Identity;

/// Whether a tensor that is not on a tape would be watched if it were read.
pub(super) fn is_lost(frame: &Frame, record: &Record, tensor: Identity) -> bool {
    !tensor.is_made_here_since(frame.first_sequence) && record.watches_by_itself(tensor)
}

#[cold]
pub(super) fn lost_gradient(rule: &Rule, used: TensorRef<'_>, expression: Option<&str>) -> String {
    let kind = if used.identity.is_variable() { "variable" } else { "tensor" };
    let of_variable = used.seen.name();
    let name = expression.or(of_variable.as_deref()).map_or_else(String::new, |name| format!(" `{name}`"));
    format!(
        "{rule} uses the watched {kind}{name} of shape {:?}, which is none of its inputs: its gradient would be lost; \
         make it a parameter, list it in `#[custom_gradient(variables(…))]`, or pass it through `tf::stop_gradient`",
        used.seen.shape(),
    )
}

/// Of a tensor that a call uses, and that was made in the body of another while the tape did not see what happens there.
#[cold]
pub(super) fn left_by_a_side_door(made_in: CallSite, used: TensorRef<'_>) -> String {
    let CallSite { rule, called } = made_in;
    format!(
        "a tensor of shape {:?} was made in the body of {rule}, called at {called}, and is no output of it: this tape has not \
         seen how it was computed, and would take it for a constant; return it from the function as another output, record with \
         `GradientTape::persistent()`, or use `tf::stop_gradient(&…)` of it if it is meant as a constant",
        used.seen.shape(),
    )
}

/// Panics where the tensor is used: at the line of the body, where that calls the operation.
#[track_caller]
#[cold]
pub(super) fn lose(message: &str) -> ! {
    panic!("{message}")
}
