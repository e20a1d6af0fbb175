//! Bodies that ran while a tape was paused: what they made and let out beside their outputs is on no list.

use std::ops::Range;

use super::call_site::CallSite;
use crate::tensor::Identity;

/// The bodies of one tape, each with what it has made, in the order of the sequence.
#[derive(Default)]
pub(super) struct Bodies(Vec<(Range<u64>, CallSite)>);

impl Bodies {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes a body that ends, with the places in the sequence of what it has made.
    pub(super) fn end(&mut self, made: Range<u64>, site: CallSite) {
        // Bodies inside of it are part of it.
        while self.0.last().is_some_and(|(last, _)| last.start >= made.start) {
            self.0.pop();
        }
        self.0.push((made, site));
    }

    /// The call in whose body this thread has made a tensor.
    pub(super) fn that_made(&self, tensor: Identity) -> Option<CallSite> {
        let before = self.0.partition_point(|(made, _)| made.start <= tensor.sequence());
        let (made, site) = self.0.get(before.checked_sub(1)?)?;
        (made.contains(&tensor.sequence()) && tensor.is_made_here_since(made.start)).then_some(*site)
    }
}
