//! What a function over arrays returns, and what its `grad` therefore receives.

use ndarray::{ArcArray, Array, ArrayRef, ArrayView, CowArray, Dimension, Ix0};

use super::form::ArrayType;
use super::viewed;
use crate::element::Element;
use crate::rule::input::Argument;
use crate::rule::output::Outputs;
use crate::tape::Member;
use crate::tensor::Tensor;

/// What a function over arrays returns: an array, or a tuple of arrays.
#[diagnostic::on_unimplemented(
    message = "a `#[custom_gradient(arrays)]` function returns an array or a tuple of arrays, found `{Self}`",
    label = "not an array, nor a tuple of arrays"
)]
pub trait ArrayOutputs {
    /// The same with owned arrays.
    type Owned: Upstreams;
}

#[diagnostic::do_not_recommend]
impl<A: ArrayType<Dim: 'static>> ArrayOutputs for A {
    type Owned = Array<A::Elem, A::Dim>;
}

/// What holds between an output and its gradient.
const RANK: &str = "a gradient has the rank of its output";

/// What arrays are outside, and how `grad` receives their gradients.
pub trait Upstreams: 'static {
    type Tensors: Outputs + 'static;
    type Views<'a>;
    #[doc(hidden)]
    fn views<'a>(upstream: <Self::Tensors as Outputs>::Upstream<'a>) -> Self::Views<'a>;
    #[doc(hidden)]
    fn members<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(Member<'a>));
}

impl<T: Element, D: Dimension + 'static> Upstreams for Array<T, D> {
    type Tensors = Tensor<T>;
    type Views<'a> = ArrayView<'a, T, D>;
    #[inline]
    fn views<'a>(upstream: <Self::Tensors as Outputs>::Upstream<'a>) -> Self::Views<'a> {
        viewed(upstream).expect(RANK)
    }
    fn members<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(Member<'a>)) {
        add(Argument::member(*upstream));
    }
}

/// What the first half of the pair may be, for the outputs `O`.
pub trait ArrayValue<O: Upstreams> {
    #[doc(hidden)]
    fn into_tensors(self) -> O::Tensors;
}

#[diagnostic::do_not_recommend]
impl<T: Element, D: Dimension + 'static, V: OutputArray<T, D>> ArrayValue<Array<T, D>> for V {
    #[inline]
    fn into_tensors(self) -> Tensor<T> {
        self.into_tensor()
    }
}

/// What the value of an output of `T` with dimension `D` may be. Where it owns its elements in row-major order they are
/// taken over, else copied.
#[diagnostic::on_unimplemented(
    message = "the value in the pair must be an array of `{T}` with dimension `{D}`, which the function returns, found `{Self}`",
    label = "expected an array of `{T}` with dimension `{D}`",
    note = "`Dim<[usize; 2]>` is rank 2, as in `Array2`; `Dim<IxDynImpl>` any rank, as in `ArrayD`"
)]
pub trait OutputArray<T, D> {
    #[doc(hidden)]
    fn into_tensor(self) -> Tensor<T>;
}

impl<T: Element> OutputArray<T, Ix0> for T {
    #[inline]
    fn into_tensor(self) -> Tensor<T> {
        Tensor::scalar(self)
    }
}

macro_rules! values {
    ($($value:ty, $array:ident => $owned:expr;)+) => { $(
        impl<T: Element, D: Dimension> OutputArray<T, D> for $value {
            #[inline]
            fn into_tensor(self) -> Tensor<T> {
                let $array = self;
                Tensor::from($owned)
            }
        }
    )+ };
}
values! {
    Array<T, D>, array => array;
    ArrayView<'_, T, D>, array => array.to_owned();
    CowArray<'_, T, D>, array => array.into_owned();
    ArcArray<T, D>, array => array.into_owned();
    &Array<T, D>, array => array.to_owned();
    &ArrayView<'_, T, D>, array => array.to_owned();
    &ArrayRef<T, D>, array => array.to_owned();
}

macro_rules! tuples {
    ($(($($array:ident $value:ident $dtype:ident $dim:ident $index:tt)+))+) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($array: ArrayType<Dim: 'static>),+> ArrayOutputs for ($($array,)+) {
            type Owned = ($(Array<$array::Elem, $array::Dim>,)+);
        }

        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension + 'static),+> Upstreams for ($(Array<$dtype, $dim>,)+) {
            type Tensors = ($(Tensor<$dtype>,)+);
            type Views<'a> = ($(ArrayView<'a, $dtype, $dim>,)+);
            fn views<'a>(upstream: <Self::Tensors as Outputs>::Upstream<'a>) -> Self::Views<'a> {
                ($(viewed(upstream.$index).expect(RANK),)+)
            }
            fn members<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(Member<'a>)) {
                $(add(upstream.$index.member());)+
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension + 'static, $value: OutputArray<$dtype, $dim>),+>
            ArrayValue<($(Array<$dtype, $dim>,)+)> for ($($value,)+)
        {
            fn into_tensors(self) -> ($(Tensor<$dtype>,)+) {
                ($(self.$index.into_tensor(),)+)
            }
        }
    )+ };
}
tuples! {
    (A VA TA DA 0)
    (A VA TA DA 0 B VB TB DB 1)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2 D VD TD DD 3)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2 D VD TD DD 3 E VE TE DE 4)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2 D VD TD DD 3 E VE TE DE 4 F VF TF DF 5)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2 D VD TD DD 3 E VE TE DE 4 F VF TF DF 5 G VG TG DG 6)
    (A VA TA DA 0 B VB TB DB 1 C VC TC DC 2 D VD TD DD 3 E VE TE DE 4 F VF TF DF 5 G VG TG DG 6 H VH TH DH 7)
}
