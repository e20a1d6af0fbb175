//! What a body for one element runs for: its value, or the gradients at its exit.

use crate::element::{Real, reads};
use crate::rule::NoGradient;
use crate::tuples::for_each_tuple;

/// What becomes of the pair at an exit. `N` is the number of inputs.
pub trait Mode<T, const N: usize>: Copy {
    /// What the body gives.
    type Out;
    /// Whether the body has read a number that has a derivative as a plain one, before it makes the value of the pair.
    fn reads(self) -> bool;
    /// Takes the pair. Of the value, whatever was `read` for it, no gradient is made.
    fn exit(self, read: bool, value: T, grad: impl FnOnce(T, Partials<T, N>) -> [T; N]) -> Self::Out;
}

/// The value is asked for.
#[derive(Clone, Copy)]
pub struct ForValue;

impl<T, const N: usize> Mode<T, N> for ForValue {
    type Out = T;
    #[inline(always)]
    fn reads(self) -> bool {
        false
    }
    #[inline(always)]
    fn exit(self, _: bool, value: T, _: impl FnOnce(T, Partials<T, N>) -> [T; N]) -> T {
        value
    }
}

/// The gradients are asked for, at an upstream gradient.
#[derive(Clone, Copy)]
pub struct ForGradients<T> {
    pub(super) upstream: T,
    /// The inputs whose gradients are wanted: bit `k` for the `k`th.
    pub(super) wanted: u64,
    /// Whether anybody asks if numbers are read.
    is_looked_at: bool,
}

impl<T> ForGradients<T> {
    #[inline(always)]
    pub(super) fn of(upstream: T, wanted: u64) -> Self {
        ForGradients { upstream, wanted, is_looked_at: false }
    }

    /// The same, to find out whether numbers are read.
    #[inline(always)]
    pub(super) fn looked_at(self) -> Self {
        ForGradients { is_looked_at: true, ..self }
    }
}

impl<T: Real, const N: usize> Mode<T, N> for ForGradients<T> {
    type Out = [T; N];
    #[inline(always)]
    fn reads(self) -> bool {
        self.is_looked_at && reads::so_far()
    }
    #[inline(always)]
    fn exit(self, read: bool, _: T, grad: impl FnOnce(T, Partials<T, N>) -> [T; N]) -> [T; N] {
        if self.is_looked_at {
            reads::forget_since(read);
        }
        grad(self.upstream, Partials { wanted: self.wanted, values: [T::NOTHING; N], position: 0 })
    }
}

/// Takes the gradients of one element, one after the other.
pub struct Partials<T, const N: usize> {
    wanted: u64,
    values: [T; N],
    position: usize,
}

impl<T: Real, const N: usize> Partials<T, N> {
    /// Takes the gradient of the next input: runs the closure if that gradient is wanted.
    #[inline(always)]
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "the name that the other sink has, for generated code")]
    pub fn next<G: Partial<T>>(mut self, gradient: impl FnOnce() -> G) -> Self {
        if self.wanted >> self.position & 1 != 0 {
            self.values[self.position] = gradient().into_number();
        }
        self.position += 1;
        self
    }

    /// Ends the gradients.
    #[inline(always)]
    pub fn done(self) -> [T; N] {
        self.values
    }

    /// Takes the gradients of all inputs at once.
    #[inline(always)]
    pub fn whole<G: AllPartials<T, N>>(self, gradients: G) -> [T; N] {
        gradients.into_numbers()
    }
}

/// What `grad` may return for one input of one element.
#[diagnostic::on_unimplemented(
    message = "the gradient of this parameter must be a `{T}`, found `{Self}`",
    label = "expected `{T}` or `None`",
    note = "element by element, `grad` returns one number for each input, in the order of the parameters"
)]
pub trait Partial<T> {
    #[doc(hidden)]
    fn into_number(self) -> T;
}

impl<T: Real> Partial<T> for T {
    #[inline(always)]
    fn into_number(self) -> T {
        self
    }
}

impl<T: Real> Partial<T> for Option<T> {
    #[inline(always)]
    fn into_number(self) -> T {
        self.unwrap_or(T::NOTHING)
    }
}

impl<T: Real> Partial<T> for NoGradient {
    #[inline(always)]
    fn into_number(self) -> T {
        T::NOTHING
    }
}

/// What the macro writes for a literal `None` in a branch, where another branch may have `Some(…)`.
#[must_use]
#[inline(always)]
pub fn no_number<T: Real>() -> Option<T> {
    None
}

/// The gradients of all inputs of one element at once.
#[diagnostic::on_unimplemented(
    message = "`grad` must return one gradient for each input, {N} in all, found `{Self}`",
    label = "not {N} gradients",
    note = "expected a `{T}` or `None` for one input, and a tuple of these, in the order of the parameters, for several"
)]
pub trait AllPartials<T, const N: usize> {
    #[doc(hidden)]
    fn into_numbers(self) -> [T; N];
}

#[diagnostic::do_not_recommend]
impl<T: Real, G: Partial<T>> AllPartials<T, 1> for G {
    #[inline(always)]
    fn into_numbers(self) -> [T; 1] {
        [self.into_number()]
    }
}

macro_rules! several {
    ($(($index:tt $gradient:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<T: Real, $($gradient: Partial<T>),+> AllPartials<T, { [$($index),+].len() }> for ($($gradient,)+) {
            #[inline(always)]
            fn into_numbers(self) -> [T; [$($index),+].len()] {
                [$(self.$index.into_number()),+]
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Real> AllPartials<T, { [$($index),+].len() }> for [T; [$($index),+].len()] {
            #[inline(always)]
            fn into_numbers(self) -> Self {
                self
            }
        }
    };
}
for_each_tuple! { several 2..=8 }
