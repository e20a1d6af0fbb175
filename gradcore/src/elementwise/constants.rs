//! The constants of a body for one element: lent while the value is computed, kept for the gradient.

/// A type that a constant can have: lent to threads, and kept for the gradient as something owned.
#[diagnostic::on_unimplemented(
    message = "an element by element function cannot have a constant of type `{Self}`",
    label = "`{Self}` is shared by threads, and kept for the gradient: it would have to be `Clone`, `Send` and `Sync`, and borrow nothing",
    note = "take what the body needs of it as a number, or by reference to such a type, as in `table: &[f32]`"
)]
pub trait Shared: Sync {
    type Residual: Clone + Send + Sync + 'static;
    fn keep(&self) -> Self::Residual;
    fn seen(residual: &Self::Residual) -> &Self;
}

#[diagnostic::do_not_recommend]
impl<U: Clone + Send + Sync + 'static> Shared for U {
    type Residual = U;
    fn keep(&self) -> U {
        self.clone()
    }
    fn seen(residual: &U) -> &U {
        residual
    }
}

impl<U: Clone + Send + Sync + 'static> Shared for [U] {
    type Residual = Vec<U>;
    fn keep(&self) -> Vec<U> {
        self.to_vec()
    }
    fn seen(residual: &Vec<U>) -> &[U] {
        residual
    }
}

impl Shared for str {
    type Residual = String;
    fn keep(&self) -> String {
        self.to_owned()
    }
    fn seen(residual: &String) -> &str {
        residual
    }
}

/// References to all constants of a function, as nested pairs.
pub trait Constants {
    type Residual: ResidualConstants;
    #[doc(hidden)]
    fn keep(&self) -> Self::Residual;
    #[doc(hidden)]
    fn seen(&self) -> <Self::Residual as ResidualConstants>::Seen<'_>;
}

/// All constants of a function, kept.
pub trait ResidualConstants: Clone + 'static {
    /// References to them, as nested pairs.
    type Seen<'k>: Copy + Sync;
    #[doc(hidden)]
    fn seen(&self) -> Self::Seen<'_>;
}

impl Constants for () {
    type Residual = ();
    fn keep(&self) {}
    fn seen(&self) {}
}

impl ResidualConstants for () {
    type Seen<'k> = ();
    fn seen(&self) {}
}

impl<U: Shared + ?Sized + 'static, R: Constants> Constants for (&U, R) {
    type Residual = Residual<U, R::Residual>;
    fn keep(&self) -> Self::Residual {
        Residual(self.0.keep(), self.1.keep())
    }
    fn seen(&self) -> (&U, <R::Residual as ResidualConstants>::Seen<'_>) {
        (self.0, self.1.seen())
    }
}

/// A kept constant, and the rest.
pub struct Residual<U: Shared + ?Sized, R>(U::Residual, R);

impl<U: Shared + ?Sized, R: Clone> Clone for Residual<U, R> {
    fn clone(&self) -> Self {
        Residual(self.0.clone(), self.1.clone())
    }
}

impl<U: Shared + ?Sized + 'static, R: ResidualConstants> ResidualConstants for Residual<U, R> {
    type Seen<'k> = (&'k U, R::Seen<'k>);
    fn seen(&self) -> Self::Seen<'_> {
        (U::seen(&self.0), self.1.seen())
    }
}
