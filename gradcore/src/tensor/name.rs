//! Names of variables, which messages use also where a variable is seen as the tensor that it dereferences to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Identity;

static NAMES: Mutex<BTreeMap<Identity, Arc<str>>> = Mutex::new(BTreeMap::new());

/// The name of a variable, known by the identity of its tensor as long as this lives.
#[derive(Debug)]
pub(crate) struct Name {
    identity: Identity,
    text: Arc<str>,
}

impl Name {
    pub(crate) fn new(identity: Identity, text: &str) -> Arc<Self> {
        let text: Arc<str> = text.into();
        names(|names| names.insert(identity, Arc::clone(&text)));
        Arc::new(Name { identity, text })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        names(|names| names.remove(&self.identity));
    }
}

fn names<R>(look: impl FnOnce(&mut BTreeMap<Identity, Arc<str>>) -> R) -> R {
    look(&mut NAMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The name of the trainable variable with this identity, if it has one.
pub(super) fn name_of(identity: Identity) -> Option<Arc<str>> {
    identity.is_variable().then(|| names(|names| names.get(&identity).cloned())).flatten()
}
