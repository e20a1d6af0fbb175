//! What a body over arrays gives, as a value or as a gradient: whatever holds an array, of the right dtype and rank.

use ndarray::{ArcArray, Array, ArrayRef, ArrayView, CowArray, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::gradient::{ArrayGradient, Converted};
use crate::element::Element;
use crate::tensor::Tensor;

/// An array that becomes a tensor of `T` where the rank is that of the dimension `D`. Elements that it owns in row-major
/// order are taken over; others are copied.
pub trait IntoTensor<T, D> {
    #[doc(hidden)]
    fn into_tensor(self) -> Tensor<T>;
}

/// That a place of dimension `Self` takes an array of dimension `E`.
#[diagnostic::on_unimplemented(
    message = "expected an array with dimension `{Self}`, found one with `{E}`",
    label = "wrong rank: a gradient has that of its parameter, a value that of its output",
    note = "`Dim<[usize; 2]>` is rank 2, as in `Array2`; `Dim<IxDynImpl>` is any rank, as in `ArrayD`, and `.into_dimensionality::<Ix2>()` makes rank 2 of it"
)]
pub trait TakesRank<E> {}
impl<D: Dimension> TakesRank<D> for D {}

/// Any rank will do where the rank is open.
macro_rules! any_rank {
    ($($dim:ty)+) => { $(#[diagnostic::do_not_recommend] impl TakesRank<$dim> for IxDyn {})+ };
}
any_rank!(Ix0 Ix1 Ix2 Ix3 Ix4 Ix5 Ix6);

/// That elements are those of an array of `T`.
#[diagnostic::on_unimplemented(
    message = "expected an array of `{T}`, found one of `{Self}`",
    label = "wrong dtype: a gradient has that of its parameter, a value that of its output",
    note = "`.mapv(…)` converts the elements of an array"
)]
pub trait OfDtype<T>: Sized {
    #[doc(hidden)]
    fn same(tensor: Tensor<Self>) -> Tensor<T>;
}
impl<T: Element> OfDtype<T> for T {
    #[inline]
    fn same(tensor: Tensor<T>) -> Tensor<T> {
        tensor
    }
}

macro_rules! arrays {
    ($([$($bounds:tt)*] $given:ty, as $dim:ty, $array:ident => $tensor:expr;)+) => { $(
        impl<$($bounds)*> IntoTensor<T, $dim> for $given {
            #[inline]
            fn into_tensor(self) -> Tensor<T> {
                let $array = self;
                $tensor
            }
        }

        impl<$($bounds)*> ArrayGradient<T, $dim> for $given {
            #[inline]
            fn into_tensor(self) -> Converted<T> {
                Ok(Some(IntoTensor::<T, $dim>::into_tensor(self)))
            }
        }
    )+ };
    (of any rank: $($given:ty, $array:ident => $owned:expr;)+) => {
        arrays! { $(
            [T: Element, S: Element + OfDtype<T>, D: Dimension + TakesRank<E>, E: Dimension]
            $given, as D, $array => S::same(Tensor::from($owned));
        )+ }
    };
}
arrays! {
    // A number stands for an array of rank 0.
    [T: Element] T, as Ix0, number => Tensor::scalar(number);
}
arrays! {
    of any rank:
    Array<S, E>, array => array;
    ArrayView<'_, S, E>, array => array.to_owned();
    CowArray<'_, S, E>, array => array.into_owned();
    ArcArray<S, E>, array => array.into_owned();
    &Array<S, E>, array => array.to_owned();
    &ArrayView<'_, S, E>, array => array.to_owned();
    &ArrayRef<S, E>, array => array.to_owned();
}
