//! What a function over arrays returns, and what its `grad` therefore receives.

use ndarray::{Array, ArrayView, Dimension};

use super::form::ArrayType;
use super::given::IntoTensor;
use super::ranked::viewed;
use crate::element::Element;
use crate::recording::tensor_ref::TensorRef;
use crate::rule::input::Argument;
use crate::rule::output::Outputs;
use crate::tensor::Tensor;
use crate::tuples::for_each_tuple;

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
    fn views(upstream: <Self::Tensors as Outputs>::Upstream<'_>) -> Self::Views<'_>;
    #[doc(hidden)]
    fn tensor_refs<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(TensorRef<'a>));
}

impl<T: Element, D: Dimension + 'static> Upstreams for Array<T, D> {
    type Tensors = Tensor<T>;
    type Views<'a> = ArrayView<'a, T, D>;
    #[inline]
    fn views(upstream: <Self::Tensors as Outputs>::Upstream<'_>) -> Self::Views<'_> {
        viewed(upstream).expect(RANK)
    }
    fn tensor_refs<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(TensorRef<'a>)) {
        add(Argument::tensor_ref(*upstream));
    }
}

/// What the first half of the pair may be, for the outputs `O`.
#[diagnostic::on_unimplemented(
    message = "the value in the pair must be one array for each output of the function, found `{Self}`",
    label = "expected an array for one output, and a tuple of arrays for several"
)]
pub trait ArrayValue<O: Upstreams> {
    #[doc(hidden)]
    fn into_tensors(self) -> O::Tensors;
}

impl<T: Element, D: Dimension + 'static, V: IntoTensor<T, D>> ArrayValue<Array<T, D>> for V {
    #[inline]
    fn into_tensors(self) -> Tensor<T> {
        self.into_tensor()
    }
}

macro_rules! tuples {
    ($(($index:tt $array:ident $_x:ident $dtype:ident $value:ident $dim:ident))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($array: ArrayType<Dim: 'static>),+> ArrayOutputs for ($($array,)+) {
            type Owned = ($(Array<$array::Elem, $array::Dim>,)+);
        }

        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension + 'static),+> Upstreams for ($(Array<$dtype, $dim>,)+) {
            type Tensors = ($(Tensor<$dtype>,)+);
            type Views<'a> = ($(ArrayView<'a, $dtype, $dim>,)+);
            fn views(upstream: <Self::Tensors as Outputs>::Upstream<'_>) -> Self::Views<'_> {
                ($(viewed(upstream.$index).expect(RANK),)+)
            }
            fn tensor_refs<'a>(upstream: &<Self::Tensors as Outputs>::Upstream<'a>, add: &mut dyn FnMut(TensorRef<'a>)) {
                $(add(upstream.$index.tensor_ref());)+
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension + 'static, $value: IntoTensor<$dtype, $dim>),+>
            ArrayValue<($(Array<$dtype, $dim>,)+)> for ($($value,)+)
        {
            fn into_tensors(self) -> ($(Tensor<$dtype>,)+) {
                ($(self.$index.into_tensor(),)+)
            }
        }
    };
}
for_each_tuple! { tuples 1..=8 }
