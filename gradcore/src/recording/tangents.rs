//! Forward mode: the tangents of what a thread computes, as it is computed.

use std::cell::RefCell;
use std::rc::Rc;

use smallvec::SmallVec;

use super::follower::{Followed, Follower};
use super::record::Record;
use super::recorder::pause::Outside;
use super::tensor_ref::{TensorRef, is_comparison};
use super::transpose::{Tangent, pushed};
use crate::shape::Shape;
use crate::tensor::{Erased, Identity};

/// The tangents of the tensors that a record knows.
pub(crate) struct Tangents {
    pub(crate) record: Rc<RefCell<Record>>,
    by_slot: RefCell<Vec<Tangent>>,
}

impl Tangents {
    pub(crate) fn new(record: &Rc<RefCell<Record>>) -> Self {
        Tangents { record: Rc::clone(record), by_slot: RefCell::new(Vec::new()) }
    }

    /// The tangent of a tensor, if it has one.
    pub(crate) fn get(&self, tensor: Identity) -> Option<Tangent> {
        self.by_slot.borrow().get(self.record.borrow().slot(tensor) as usize).cloned()
    }

    /// Gives a tensor a tangent from outside.
    pub(crate) fn start(&self, primal: TensorRef<'_>, tangent: Erased) {
        self.record.borrow_mut().watch(primal);
        self.by_slot.borrow_mut().push(Ok(tangent.into_start()));
    }
}

impl Follower for Tangents {
    fn follow(&self, call: &Followed<'_>) {
        let Followed { inputs, outputs, backward, body_since, serial } = *call;
        let tangents: SmallVec<[Option<Tangent>; 2]> = inputs.iter().map(|input| self.get(*input)).collect();
        if tangents.iter().all(Option::is_none) {
            return;
        }
        let shapes: SmallVec<[Shape; 1]> = outputs.iter().map(|output| output.value.shared_shape()).collect();
        let _outside = Outside::bodies();
        let pushed = pushed(backward, &tangents, &shapes, serial);
        let mut record = self.record.borrow_mut();
        if pushed.stops {
            let is_comparison = is_comparison(outputs);
            inputs.iter().for_each(|input| record.note_cut(backward.site(), *input, is_comparison));
        }
        for (output, tangent) in outputs.iter().zip(pushed.tangents) {
            if let Some(tangent) = tangent {
                record.add_output(output, body_since);
                self.by_slot.borrow_mut().push(tangent);
            }
        }
    }
}
