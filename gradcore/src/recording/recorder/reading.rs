//! Numbers that somebody reads out of a tensor: no tape sees what becomes of them.

use std::sync::Once;

use super::{RECORDER, is_idle, lose};
use crate::recording::call_site::{CallSite, Rule};
use crate::recording::tensor_ref::TensorRef;
use crate::tensor::reading::{self, Reading};

macro_rules! methods {
    ($($constant:ident $method:literal)+) => {
        $(static $constant: Rule = Rule::new($method, file!(), line!(), &["x"]);)+

        fn rule(method: &str) -> &'static Rule {
            match method {
                $($method => &$constant,)+
                _ => unreachable!("`{method}` reads no numbers"),
            }
        }
    };
}
methods!(NEW "Variable::new" ASSIGN "assign" ITEM "item" TO_VEC "to_vec" VIEW "view" TO_ARRAY "to_array" INTO_ARRAY "into_array");

/// From now on readings are heard of.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| reading::listen(heard));
}

/// Notes on every tape that knows the tensor that what comes of the numbers is none of its business: they explain a gradient
/// that is missing. In the body of a rule the tensor must be an input, as for any operation; one number, `item`, is a constant
/// wherever it is read, and so is what a variable takes over.
///
/// # Panics
/// Panics if it is none.
fn heard(reading: &Reading<'_>) {
    if is_idle() {
        return;
    }
    let Reading { identity, seen, method, called } = *reading;
    let lost = RECORDER.with_borrow_mut(|recorder| {
        let known = match method {
            "item" | "Variable::new" | "assign" => Ok(()),
            _ => recorder.expect_known(TensorRef { identity, seen }, None),
        };
        let site = CallSite { rule: rule(method), called };
        for tape in recorder.tapes.iter().filter(|tape| tape.records(recorder.barrier)) {
            tape.record.borrow_mut().note_reading(site, identity);
        }
        known.err()
    });
    if let Some(lost) = lost {
        lose(&lost);
    }
}
