//! A record that is being written.

use std::cell::RefCell;
use std::rc::Rc;

use super::follower::Follower;
use super::record::{Record, Settings};
use super::recorder::{self, reading};

/// A running record. It belongs to its thread.
pub(crate) struct Recording {
    pub(crate) serial: u64,
    pub(crate) record: Rc<RefCell<Record>>,
}

impl Recording {
    /// Starts a record of the calls of this thread.
    pub(crate) fn start(settings: Settings) -> Self {
        reading::listen();
        let (serial, record) = recorder::start(settings, |_| None);
        Recording { serial, record }
    }

    /// Starts a record that follows the calls of this thread, and keeps no list of them.
    pub(crate) fn follow<F: Follower + 'static>(follower: impl FnOnce(&Rc<RefCell<Record>>) -> Rc<F>) -> (Self, Rc<F>) {
        reading::listen();
        let mut made = None;
        let (serial, record) = recorder::start(Settings::default(), |record| {
            let follower = made.insert(follower(record));
            Some(Rc::clone(follower) as Rc<dyn Follower>)
        });
        (Recording { serial, record }, made.expect("the recorder asks for it"))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        recorder::stop(self.serial);
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.record.borrow().fmt(f)
    }
}
