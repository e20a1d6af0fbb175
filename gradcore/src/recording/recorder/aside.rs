//! What is asked and told beside the calls themselves.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;

use super::{Begun, RECORDER, is_idle};
use crate::recording::call_site::{CallSite, Rule};
use crate::recording::record::Record;
use crate::recording::slots::NONE;
use crate::tensor::Identity;

/// Whether a tape other than `record` knows the tensor.
pub(crate) fn is_on_another_tape(identity: Identity, record: &Rc<RefCell<Record>>) -> bool {
    RECORDER.with_borrow(|recorder| {
        recorder
            .tapes
            .iter()
            .any(|tape| !Rc::ptr_eq(&tape.record, record) && tape.record.borrow().slot(identity) != NONE)
    })
}

/// Notes by which names a rule, as a closure, has captured tensors.
pub(crate) fn name_captures(begun: Begun, captured: &[(Identity, &'static str)]) {
    if begun.depth != 0 && !captured.is_empty() {
        RECORDER.with_borrow_mut(|recorder| {
            captured.iter().for_each(|(tensor, name)| recorder.frames.push_captured(begun.depth, *tensor, name));
        });
    }
}

/// Notes that a body has made a tensor that is meant as a constant, wherever it is used.
pub(crate) fn note_constant(constant: Identity) {
    if !is_idle() {
        RECORDER.with_borrow_mut(|recorder| {
            if !recorder.frames.is_empty() {
                recorder.constants.push(constant);
            }
        });
    }
}

/// Notes that `rule` lets no gradient of a tensor through, on every recording tape that watches it.
#[track_caller]
pub(crate) fn note_cut(rule: &'static Rule, input: Identity) {
    if is_idle() {
        return;
    }
    let site = CallSite { rule, called: Location::caller() };
    RECORDER.with_borrow(|recorder| {
        for tape in recorder.tapes.iter().filter(|tape| tape.records(recorder.barrier)) {
            tape.record.borrow_mut().note_cut(site, input, false);
        }
    });
}
