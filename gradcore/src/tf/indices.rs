//! What names places: indices and labels.

use std::borrow::Borrow;

use crate::element::Integer;
use crate::tensor::{Tensor, constant};

/// Integers that name places, such as indices and labels: a tensor of integers, an integer, or nested arrays and vectors of them.
/// (Types of integers are counted out, so that a literal needs no type: it is an `i32`.)
#[diagnostic::on_unimplemented(
    message = "expected indices, found `{Self}`",
    label = "neither integers nor a tensor of integers",
    note = "`tf::cast(x, tf::int64)` makes integers of other numbers"
)]
pub trait Indices {
    /// Their dtype.
    type Index: Integer;
    /// A tensor, owned or borrowed.
    #[doc(hidden)]
    type Held: Borrow<Tensor<Self::Index>>;
    #[doc(hidden)]
    fn held(self) -> Self::Held;
}

impl<I: Integer> Indices for Tensor<I> {
    type Index = I;
    type Held = Tensor<I>;
    fn held(self) -> Tensor<I> {
        self
    }
}

impl<'a, I: Integer> Indices for &'a Tensor<I> {
    type Index = I;
    type Held = &'a Tensor<I>;
    fn held(self) -> &'a Tensor<I> {
        self
    }
}

macro_rules! integers {
    ($($integer:ident)+) => { $(
        integers! { @of $integer, constant:
            <> $integer; <const K: usize> [$integer; K]; <const K: usize, const L: usize> [[$integer; K]; L];
            <> Vec<$integer>; <> &[$integer];
        }
        integers! { @of $integer, of_list: <> &Vec<$integer>; <const K: usize> &[$integer; K]; }
    )+ };
    (@of $integer:ident, $tensor:ident: $(<$(const $size:ident: usize),*> $list:ty;)+) => { $(
        #[diagnostic::do_not_recommend]
        impl<$(const $size: usize),*> Indices for $list {
            type Index = $integer;
            type Held = Tensor<$integer>;
            #[track_caller]
            fn held(self) -> Tensor<$integer> {
                $tensor(self)
            }
        }
    )+ };
}
integers!(i32 i64 u8);

#[track_caller]
fn of_list<I: Integer>(list: &(impl AsRef<[I]> + ?Sized)) -> Tensor<I> {
    constant(list.as_ref())
}

/// Sizes count places too.
macro_rules! sizes {
    ($(<$(const $size:ident: usize)?> $list:ty, $values:ident => $slice:expr;)+) => { $(
        #[diagnostic::do_not_recommend]
        impl<$(const $size: usize)?> Indices for $list {
            type Index = i64;
            type Held = Tensor<i64>;
            #[track_caller]
            fn held(self) -> Tensor<i64> {
                let $values = self;
                constant($slice.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect::<Vec<i64>>())
            }
        }
    )+ };
}
sizes! {
    <const K: usize> [usize; K], values => values;
    <> Vec<usize>, values => values;
    <> &[usize], values => values;
}

impl Indices for usize {
    type Index = i64;
    type Held = Tensor<i64>;
    fn held(self) -> Tensor<i64> {
        Tensor::scalar(i64::try_from(self).unwrap_or(i64::MAX))
    }
}
