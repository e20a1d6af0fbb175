//! The types in which a parameter, or an upstream gradient, can be written.

use ndarray::{ArcArray, Array, ArrayRef, ArrayView, CowArray, Dimension};

use crate::element::Element;

/// An array of ndarray's, however it holds its elements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no array; expected one of ndarray's, such as `ArrayView2<f32>`",
    label = "not an array"
)]
pub trait ArrayType {
    type Elem: Element;
    type Dim: Dimension;
}

/// What is made of a view: the view itself, or a copy of its elements.
#[diagnostic::on_unimplemented(
    message = "this upstream gradient is an array of `{T}` with dimension `{D}`, no `{Self}`",
    label = "`grad` receives a view of `{T}` with dimension `{D}`",
    note = "`Dim<[usize; 2]>` is rank 2, as in `ArrayView2`; leave the type out, as in `|dy|`, and the right one is filled in"
)]
pub trait FromView<'a, T, D> {
    #[doc(hidden)]
    fn from_view(view: ArrayView<'a, T, D>) -> Self;
}

/// A parameter of type `A`.
#[inline]
pub fn own<'a, A: FromView<'a, T, D>, T, D>(view: ArrayView<'a, T, D>) -> A {
    A::from_view(view)
}

/// A parameter of type `Option<A>`.
#[inline]
pub fn own_optional<'a, A: FromView<'a, T, D>, T, D>(view: Option<ArrayView<'a, T, D>>) -> Option<A> {
    view.map(A::from_view)
}

/// What a parameter of type `&Self` refers to.
pub trait Referent {
    type Holder<'a>;
}

/// What a parameter of type `&U` refers to: a view where that will do, a copy where `U` owns its elements.
#[inline]
pub fn hold<'a, U: Referent + ?Sized, T, D>(view: ArrayView<'a, T, D>) -> U::Holder<'a>
where
    U::Holder<'a>: FromView<'a, T, D>,
{
    FromView::from_view(view)
}

macro_rules! forms {
    ($($form:ty, $view:ident => $made:expr, held as $holder:ty;)+) => { $(
        impl<T: Element, D: Dimension> ArrayType for $form {
            type Elem = T;
            type Dim = D;
        }

        #[diagnostic::do_not_recommend]
        impl<'a, T: Element, D: Dimension> FromView<'a, T, D> for $holder {
            #[inline]
            fn from_view($view: ArrayView<'a, T, D>) -> Self {
                $made
            }
        }

        impl<T: Element, D: Dimension> Referent for $form {
            type Holder<'a> = $holder;
        }
    )+ };
}
forms! {
    ArrayView<'_, T, D>, view => view, held as ArrayView<'a, T, D>;
    CowArray<'_, T, D>, view => view.into(), held as CowArray<'a, T, D>;
    Array<T, D>, view => view.to_owned(), held as Array<T, D>;
    ArcArray<T, D>, view => view.to_owned().into_shared(), held as ArcArray<T, D>;
}

impl<T: Element, D: Dimension> ArrayType for ArrayRef<T, D> {
    type Elem = T;
    type Dim = D;
}

impl<T: Element, D: Dimension> Referent for ArrayRef<T, D> {
    type Holder<'a> = ArrayView<'a, T, D>;
}

impl<A: ArrayType> ArrayType for Option<A> {
    type Elem = A::Elem;
    type Dim = A::Dim;
}

impl<A: ArrayType + ?Sized> ArrayType for &A {
    type Elem = A::Elem;
    type Dim = A::Dim;
}
