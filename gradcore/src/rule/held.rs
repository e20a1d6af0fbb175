//! A rule that waits for the pair.

/// A rule, and borrows of what it has captured: while it waits, nothing can change that.
#[must_use]
pub struct Held<R, B>(R, #[allow(dead_code, reason = "what is borrowed cannot be changed")] B);

/// Borrows what a rule has captured.
#[inline]
pub fn hold<R, B>(rule: R, captured: B) -> Held<R, B> {
    Held(rule, captured)
}

impl<R, B> Held<R, B> {
    /// The rule, when it is used.
    #[inline]
    pub fn release(self) -> R {
        self.0
    }
}
