//! What a closure captures when it is made.

/// `(&&Own(&x)).__own()` is a clone of the local `x`, so that `x` can still be used, or a reference to it where it cannot
/// be cloned, such as a variable.
pub struct Own<'a, L>(pub &'a L);

/// First: a clone.
pub trait OwnClone<L> {
    /// The closure's own value.
    fn __own(&self) -> L;
}
impl<L: Clone> OwnClone<L> for &Own<'_, L> {
    #[inline]
    fn __own(&self) -> L {
        self.0.clone()
    }
}

/// Second: a reference.
pub trait OwnReference<'a, L> {
    /// The local itself.
    fn __own(&self) -> &'a L;
}
impl<'a, L> OwnReference<'a, L> for Own<'a, L> {
    #[inline]
    fn __own(&self) -> &'a L {
        self.0
    }
}
