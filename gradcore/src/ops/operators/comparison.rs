//! What `<`, `<=`, `>`, `>=`, `==` and `!=` mean inside an annotated function.
//!
//! The macro writes `(&&&Less(&a, &b)).__compare()`. Method lookup tries the traits below in turn: a tensor on the
//! left, a tensor on the right, and everything else, for which the comparison is Rust's own.

use std::borrow::Borrow;

use crate::element::{Element, Real};
use crate::ops;
use crate::tensor::Tensor;
use crate::variable::Variable;

/// A tensor, a variable, or a reference to one.
pub trait Compared {
    type Dtype: Element;
    fn tensor(&self) -> &Tensor<Self::Dtype>;
}

impl<T: Element> Compared for Tensor<T> {
    type Dtype = T;
    fn tensor(&self) -> &Tensor<T> {
        self
    }
}

impl<T: Element> Compared for Variable<T> {
    type Dtype = T;
    fn tensor(&self) -> &Tensor<T> {
        self
    }
}

impl<C: Compared + ?Sized> Compared for &C {
    type Dtype = C::Dtype;
    fn tensor(&self) -> &Tensor<C::Dtype> {
        (**self).tensor()
    }
}

/// What a tensor of `T` is compared with: another, or a scalar.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{T}` cannot be compared with `{Self}`; expected a tensor of `{T}` or a `{T}`",
    label = "neither a tensor of `{T}` nor a `{T}`",
    note = "a literal of a generic dtype is written `T::of(0.5)`"
)]
pub trait ComparedWith<T: Element> {
    type Held<'a>: Borrow<Tensor<T>>
    where
        Self: 'a;
    fn held(&self) -> Self::Held<'_>;
}

impl<T: Element> ComparedWith<T> for T {
    type Held<'a> = Tensor<T>;
    fn held(&self) -> Tensor<T> {
        Tensor::scalar(*self)
    }
}

/// An integer literal beside a tensor of floats, as in `x > 0`.
macro_rules! compared_with_integers {
    ($($real:ident)+) => { $(
        impl ComparedWith<$real> for i32 {
            type Held<'a> = Tensor<$real>;
            fn held(&self) -> Tensor<$real> {
                Tensor::scalar($real::of(f64::from(*self)))
            }
        }
    )+ };
}
compared_with_integers!(f32 f64);

impl<T: Element> ComparedWith<T> for &T {
    type Held<'a>
        = Tensor<T>
    where
        Self: 'a;
    fn held(&self) -> Tensor<T> {
        Tensor::scalar(**self)
    }
}

macro_rules! compared_with_tensors {
    ($($tensor:ty)+) => { $(
        impl<T: Element> ComparedWith<T> for $tensor {
            type Held<'a>
                = &'a Tensor<T>
            where
                Self: 'a;
            fn held(&self) -> &Tensor<T> {
                self
            }
        }
    )+ };
}
compared_with_tensors!(Tensor<T> &Tensor<T> &&Tensor<T> Variable<T> &Variable<T>);

/// First: a tensor on the left.
pub trait CompareLeft<T: Element, B: ?Sized> {
    /// Compares the operands.
    #[track_caller]
    fn __compare(&self) -> Tensor<bool>
    where
        B: ComparedWith<T>;
}

/// Second: a tensor on the right.
pub trait CompareRight<T: Element, A: ?Sized> {
    /// Compares the operands.
    #[track_caller]
    fn __compare(&self) -> Tensor<bool>
    where
        A: ComparedWith<T>;
}

/// Third: everything else, by order.
pub trait OrderScalars<A: ?Sized, B: ?Sized> {
    /// Compares the operands.
    fn __compare(&self) -> bool
    where
        A: PartialOrd<B>;
}

/// Third: everything else, by equality.
pub trait EquateScalars<A: ?Sized, B: ?Sized> {
    /// Compares the operands.
    fn __compare(&self) -> bool
    where
        A: PartialEq<B>;
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $operation:ident $operator:tt $scalars:ident $bound:ident;)+) => { $(
        $(#[$doc])*
        pub struct $name<'a, A: ?Sized, B: ?Sized>(pub &'a A, pub &'a B);

        impl<T: Element, A: Compared<Dtype = T> + ?Sized, B: ?Sized> CompareLeft<T, B> for &&$name<'_, A, B> {
            fn __compare(&self) -> Tensor<bool>
            where
                B: ComparedWith<T>,
            {
                ops::$operation(self.0.tensor(), self.1.held().borrow())
            }
        }

        impl<T: Element, A: ?Sized, B: Compared<Dtype = T> + ?Sized> CompareRight<T, A> for &$name<'_, A, B> {
            fn __compare(&self) -> Tensor<bool>
            where
                A: ComparedWith<T>,
            {
                ops::$operation(self.0.held().borrow(), self.1.tensor())
            }
        }

        impl<A: ?Sized, B: ?Sized> $scalars<A, B> for $name<'_, A, B> {
            #[inline]
            fn __compare(&self) -> bool
            where
                A: $bound<B>,
            {
                *self.0 $operator *self.1
            }
        }
    )+ };
}
comparisons! {
    /// `a < b`
    Less less < OrderScalars PartialOrd;
    /// `a <= b`
    LessEqual less_equal <= OrderScalars PartialOrd;
    /// `a > b`
    Greater greater > OrderScalars PartialOrd;
    /// `a >= b`
    GreaterEqual greater_equal >= OrderScalars PartialOrd;
    /// `a == b`
    Equal equal == EquateScalars PartialEq;
    /// `a != b`
    NotEqual not_equal != EquateScalars PartialEq;
}
