//! What follows the calls of a thread as they are made, and keeps no list of them.

use std::rc::Rc;

use super::node::Backward;
use super::slots::Slot;
use super::tensor_ref::Output;
use crate::tensor::Identity;

/// A call that has ended, of which an input may be followed.
pub(crate) struct Followed<'c> {
    pub(crate) inputs: &'c [Identity],
    pub(crate) outputs: &'c [Output<'c>],
    pub(crate) backward: &'c Rc<dyn Backward>,
    /// Whether a derivative of what `grad` captured may be asked for.
    pub(crate) body_since: Option<u64>,
    /// The serial number of the one who follows: tapes from it on began later.
    pub(crate) serial: u64,
}

/// A forward accumulator.
pub(crate) trait Follower {
    fn follow(&self, call: &Followed<'_>);
}

/// Those that saw a call, to be told when it has ended and the recorder is free.
pub(super) struct Followers {
    inputs: Vec<Identity>,
    body_since: Option<u64>,
    /// In the order in which they began, with their serial numbers: the outer ones follow what is computed for those inside.
    all: Vec<(u64, Rc<dyn Follower>)>,
}

impl Followers {
    #[cold]
    pub(super) fn add(
        followers: &mut Option<Box<Self>>,
        inputs: &[(Identity, Slot)],
        body_since: Option<u64>,
        serial: u64,
        follower: &Rc<dyn Follower>,
    ) {
        let inputs = || inputs.iter().map(|(input, _)| *input).collect();
        let followers =
            followers.get_or_insert_with(|| Box::new(Followers { inputs: inputs(), body_since, all: Vec::new() }));
        followers.all.push((serial, Rc::clone(follower)));
    }

    #[cold]
    pub(super) fn tell(self, outputs: &[Output<'_>], backward: &Rc<dyn Backward>) {
        let Followers { inputs, body_since, all } = self;
        for (serial, follower) in all {
            follower.follow(&Followed { inputs: &inputs, outputs, backward, body_since, serial });
        }
    }
}
