//! The constants of a body for one element: lent while the value is computed, kept for the gradient.

/// A type that a constant can have: lent to threads, and kept for the gradient as something owned.
#[diagnostic::on_unimplemented(
    message = "an element by element function cannot have a constant of type `{Self}`",
    label = "`{Self}` is shared by threads, and kept for the gradient: it would have to be `Clone`, `Send` and `Sync`, and borrow nothing",
    note = "take what the body needs of it as a number, or by reference to such a type, as in `table: &[f32]`"
)]
pub trait Shared: Sync {
    type Kept: Clone + Send + Sync + 'static;
    fn keep(&self) -> Self::Kept;
    fn seen(kept: &Self::Kept) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<U: Clone + Send + Sync + 'static> Shared for U {
    type Kept = U;
    fn keep(&self) -> U {
        self.clone()
    }
    fn seen(kept: &U) -> &U {
        kept
    }
}

impl<U: Clone + Send + Sync + 'static> Shared for [U] {
    type Kept = Vec<U>;
    fn keep(&self) -> Vec<U> {
        self.to_vec()
    }
    fn seen(kept: &Vec<U>) -> &[U] {
        kept
    }
}

impl Shared for str {
    type Kept = String;
    fn keep(&self) -> String {
        self.to_owned()
    }
    fn seen(kept: &String) -> &str {
        kept
    }
}

/// References to all constants of a function, as nested pairs.
pub trait Constants {
    type Kept: KeptConstants;
    #[doc(hidden)]
    fn keep(&self) -> Self::Kept;
    #[doc(hidden)]
    fn seen(&self) -> <Self::Kept as KeptConstants>::Seen<'_>;
}

/// All constants of a function, kept.
pub trait KeptConstants: Clone + 'static {
    /// References to them, as nested pairs.
    type Seen<'k>: Copy + Sync;
    #[doc(hidden)]
    fn seen(&self) -> Self::Seen<'_>;
}

impl Constants for () {
    type Kept = ();
    fn keep(&self) {}
    fn seen(&self) {}
}

impl KeptConstants for () {
    type Seen<'k> = ();
    fn seen(&self) {}
}

impl<U: Shared + ?Sized + 'static, R: Constants> Constants for (&U, R) {
    type Kept = Kept<U, R::Kept>;
    fn keep(&self) -> Self::Kept {
        Kept(self.0.keep(), self.1.keep())
    }
    fn seen(&self) -> (&U, <R::Kept as KeptConstants>::Seen<'_>) {
        (self.0, self.1.seen())
    }
}

/// A kept constant, and the rest.
pub struct Kept<U: Shared + ?Sized, R>(U::Kept, R);

impl<U: Shared + ?Sized, R: Clone> Clone for Kept<U, R> {
    fn clone(&self) -> Self {
        Kept(self.0.clone(), self.1.clone())
    }
}

impl<U: Shared + ?Sized + 'static, R: KeptConstants> KeptConstants for Kept<U, R> {
    type Seen<'k> = (&'k U, R::Seen<'k>);
    fn seen(&self) -> Self::Seen<'_> {
        (U::seen(&self.0), self.1.seen())
    }
}
