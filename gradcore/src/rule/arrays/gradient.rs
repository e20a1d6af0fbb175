//! What `grad` over arrays returns: one array for each input, its dtype and rank checked, handed to the tape.

use std::marker::PhantomData;

use ndarray::{Array, Dimension};

use super::ranked::Shaped;
use super::sources::Sources;
use crate::element::Element;
use crate::recording::call_site::CallSite;
use crate::recording::node;
use crate::rule::gradient::{self, Given};
use crate::rule::not_implemented::NotImplemented;
use crate::tensor::Tensor;
use crate::tuples::{for_each_tuple, nested};

/// What `grad` may return for a parameter of `T` with dimension `D`.
#[diagnostic::on_unimplemented(
    message = "the gradient of this parameter must be an array of `{T}` with dimension `{D}`, found `{Self}`",
    label = "expected an array of `{T}`, or `None`",
    note = "`grad` returns one array for each array parameter, in the order of the parameters, each of its parameter's dtype and rank; `Dim<[usize; 2]>` is rank 2, as in `Array2`"
)]
pub trait ArrayGradient<T, D> {
    #[doc(hidden)]
    fn into_tensor(self) -> Converted<T>;
}

/// A gradient as a tensor, if one flows and somebody has written it.
pub(super) type Converted<T> = Result<Option<Tensor<T>>, NotImplemented>;

impl<T: Element, D, G: ArrayGradient<T, D>> ArrayGradient<T, D> for Option<G> {
    #[inline]
    fn into_tensor(self) -> Converted<T> {
        self.map_or(Ok(None), ArrayGradient::into_tensor)
    }
}

/// What the macro writes for a literal `None`, whose type Rust could not infer: no gradient flows.
pub struct NoGradient;

impl<T: Element, D: Dimension> ArrayGradient<T, D> for NoGradient {
    #[inline]
    fn into_tensor(self) -> Converted<T> {
        Ok(None)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, D: Dimension> ArrayGradient<T, D> for NotImplemented {
    fn into_tensor(self) -> Converted<T> {
        Err(self)
    }
}

/// What the macro writes for a literal `None` in a branch, where another branch may have `Some(…)`.
#[must_use]
pub fn none<T: Element, D: Dimension>() -> Option<Array<T, D>> {
    None
}

/// Takes the gradients of one call, one after the other. `W` are those still to come, as nested pairs of [`Shaped`].
pub struct ArrayGradients<'a, 't, W> {
    taker: ArrayTaker<'a, 't>,
    position: usize,
    wanted: PhantomData<fn() -> W>,
}

/// Takes gradients of any dtype to the tape.
#[doc(hidden)]
pub struct ArrayTaker<'a, 't> {
    tape: &'a mut node::Sink<'t>,
    site: CallSite,
    /// What the gradients are computed from.
    sources: Sources,
}

impl ArrayTaker<'_, '_> {
    #[inline]
    fn put<T: Element>(&mut self, position: usize, gradient: Converted<T>) {
        match gradient {
            Ok(Some(gradient)) => self.tape.put(position, self.sources.mark(self.site, gradient)),
            Ok(None) => {}
            Err(NotImplemented(reason)) => self.tape.refuse_not_implemented(position, 1, reason),
        }
    }
}

impl<'a, 't, W> ArrayGradients<'a, 't, W> {
    #[inline]
    pub(super) fn new(sink: gradient::InputGradients<'a, 't, W>, site: CallSite, sources: Sources) -> Self {
        ArrayGradients { taker: ArrayTaker { tape: sink.into_tape(), site, sources }, position: 0, wanted: PhantomData }
    }

    /// Takes the gradient of the next input: runs the closure if that gradient is needed.
    #[inline]
    pub fn next(
        mut self,
        gradient: impl FnOnce(Give<W::Dtype, W::Dim>) -> Converted<W::Dtype>,
    ) -> ArrayGradients<'a, 't, W::Rest>
    where
        W: WantedArray + NextArray,
    {
        let ArrayGradients { position, .. } = self;
        if self.taker.tape.needs(position) {
            W::put(position, gradient(Give(PhantomData)), &mut self.taker);
        }
        ArrayGradients { taker: self.taker, position: position + 1, wanted: PhantomData }
    }

    /// Ends the gradients.
    #[inline]
    #[allow(clippy::unused_self, reason = "its type tells that none is missing")]
    pub fn done(self) -> Given
    where
        W: NoMoreArrays,
    {
        Given::ALL
    }

    /// Takes the gradients of all inputs at once: bare if there is one, else a tuple.
    #[inline]
    pub fn whole<G: AllArrays<W>>(mut self, gradients: G) -> Given {
        gradients.give_all(&mut self.taker);
        Given::ALL
    }
}

/// Turns a gradient into a tensor while what it may look into, such as a captured view, is still there.
pub struct Give<T, D>(PhantomData<fn() -> (T, D)>);

impl<T, D> Give<T, D> {
    /// The gradient as a tensor, if there is one.
    ///
    /// # Errors
    /// [`NotImplemented`], if it is that.
    #[inline]
    #[allow(clippy::unused_self, reason = "it tells the dtype and the dimension")]
    pub fn gradient<G: ArrayGradient<T, D>>(self, gradient: G) -> Converted<T> {
        gradient.into_tensor()
    }
}

/// The dtypes and dimensions of gradients still to come.
pub trait WantedArray {
    type Dtype;
    type Dim;
    type Rest;
}
impl<T: Element, D: Dimension, R> WantedArray for (Shaped<T, D>, R) {
    type Dtype = T;
    type Dim = D;
    type Rest = R;
}
impl WantedArray for () {
    type Dtype = SurplusArray;
    type Dim = SurplusArray;
    type Rest = ();
}

/// What a gradient too many has for dtype and dimension: any will do, so that one mistake makes one message.
pub struct SurplusArray;
impl<G> ArrayGradient<SurplusArray, SurplusArray> for G {
    fn into_tensor(self) -> Converted<SurplusArray> {
        Ok(None)
    }
}

/// That an input is left for the next gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too many gradients: this one has no array parameter",
    label = "a gradient too many",
    note = "`grad` returns one gradient for each parameter that is an array of `f32` or `f64`, in their order; every other parameter is a constant and gets none, not even `None`"
)]
pub trait NextArray: WantedArray {
    #[doc(hidden)]
    fn put(position: usize, gradient: Converted<Self::Dtype>, taker: &mut ArrayTaker<'_, '_>);
}
impl<T: Element, D: Dimension, R> NextArray for (Shaped<T, D>, R) {
    #[inline]
    fn put(position: usize, gradient: Converted<T>, taker: &mut ArrayTaker<'_, '_>) {
        taker.put(position, gradient);
    }
}

/// That every input has its gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too few gradients: an array parameter is left without one",
    label = "after this gradient one is missing",
    note = "`grad` returns one gradient for each parameter that is an array of `f32` or `f64`, in their order; write `None` where no gradient flows, or mark the parameter `#[nondiff]`"
)]
pub trait NoMoreArrays {}
impl NoMoreArrays for () {}

/// The gradients of all inputs at once.
#[diagnostic::on_unimplemented(
    message = "`grad` must return one array for each array parameter, found `{Self}`",
    label = "not one array for each array parameter",
    note = "expected an array or `None` for one parameter, and a tuple of these, in the order of the parameters, for several"
)]
pub trait AllArrays<W> {
    #[doc(hidden)]
    fn give_all(self, taker: &mut ArrayTaker<'_, '_>);
}

impl<T: Element, D: Dimension, G: ArrayGradient<T, D>> AllArrays<(Shaped<T, D>, ())> for G {
    #[inline]
    fn give_all(self, taker: &mut ArrayTaker<'_, '_>) {
        if taker.tape.needs(0) {
            taker.put(0, ArrayGradient::<T, D>::into_tensor(self));
        }
    }
}

macro_rules! tuples {
    ($(($index:tt $gradient:ident $_x:ident $dtype:ident $_value:ident $dim:ident))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension, $gradient: ArrayGradient<$dtype, $dim>),+> AllArrays<nested!($([Shaped<$dtype, $dim>])+)>
            for ($($gradient,)+)
        {
            fn give_all(self, taker: &mut ArrayTaker<'_, '_>) {
                $(if taker.tape.needs($index) {
                    taker.put($index, ArrayGradient::<$dtype, $dim>::into_tensor(self.$index));
                })+
            }
        }
    };
}
for_each_tuple! { tuples 2..=8 }
