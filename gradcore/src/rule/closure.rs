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

/// What can be lent to each call anew: a closure over functions, some of which a rule takes with it.
#[diagnostic::on_unimplemented(
    message = "a function that is called by its name in `grad`, or in a closure of the body, must be `Clone`",
    label = "each call of this closure takes a clone of the local functions that it calls, one of which cannot be cloned",
    note = "a closure is `Clone` if all that it owns is: hold what is not in an `Rc`, or write an `fn`, which owns nothing; to a function that is passed, add the bounds `Clone + 'static`"
)]
pub trait Lent<F> {
    #[doc(hidden)]
    fn __again(closure: &F) -> F;
}
// Of a tuple: of the closure itself rustc would say that it might be called.
#[diagnostic::do_not_recommend]
impl<F: Clone> Lent<F> for (F,) {
    #[inline]
    fn __again(closure: &F) -> F {
        closure.clone()
    }
}

/// A clone for one call.
#[inline]
pub fn lent_again<F>(closure: &F) -> F
where
    (F,): Lent<F>,
{
    <(F,)>::__again(closure)
}
