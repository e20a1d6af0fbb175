//! What is told when somebody reads the numbers of a tensor: no tape sees what becomes of them.

use std::panic::Location;
use std::sync::OnceLock;

use super::{Identity, Seen, Tensor};
use crate::element::Element;

/// That numbers of a tensor are read.
pub(crate) struct Reading<'a> {
    pub(crate) identity: Identity,
    pub(crate) seen: &'a dyn Seen,
    /// The method that reads them.
    pub(crate) method: &'static str,
    pub(crate) called: &'static Location<'static>,
}

/// Who is told, once there has been a tape. (Tensors stand below tapes.)
static LISTENER: OnceLock<fn(&Reading<'_>)> = OnceLock::new();

/// From now on `listener` is told of every reading; the first that says so stays.
pub(crate) fn listen(listener: fn(&Reading<'_>)) {
    let _ = LISTENER.set(listener);
}

impl<T: Element> Tensor<T> {
    /// Tells that a method of the public interface reads the numbers.
    #[inline]
    #[track_caller]
    pub(crate) fn tell_of_reading(&self, method: &'static str) {
        if let Some(listener) = LISTENER.get().filter(|_| T::REAL) {
            listener(&Reading { identity: self.identity, seen: self, method, called: Location::caller() });
        }
    }
}
