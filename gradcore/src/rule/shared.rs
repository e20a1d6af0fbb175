//! The `let`s of `grad` that several gradients may use.

/// The value of a `let` before the gradients, if a gradient that uses it is needed.
pub struct Shared<V>(pub Option<V>);

/// A gradient sees what it uses only if it is needed itself.
const MADE: &str = "a `let` runs when a gradient that uses it is needed";

impl<V: Clone> Shared<V> {
    /// The value, for one more gradient.
    ///
    /// # Panics
    /// Never: a `let` runs when a gradient that uses it is needed.
    #[inline]
    pub fn get(&self) -> V {
        self.0.clone().expect(MADE)
    }
}

impl<V> Shared<V> {
    /// The value, for the only gradient that uses it.
    ///
    /// # Panics
    /// Never: a `let` runs when a gradient that uses it is needed.
    #[inline]
    pub fn take(self) -> V {
        self.0.expect(MADE)
    }
}

/// What cannot be cloned is seen through a reference.
pub trait SeeShared<V> {
    /// The value.
    fn get(&self) -> &V;
}
impl<V> SeeShared<V> for Shared<V> {
    #[inline]
    fn get(&self) -> &V {
        self.0.as_ref().expect(MADE)
    }
}
