//! What `grad` over arrays returns: one array for each input, its dtype and rank checked, handed to the tape.

use std::marker::PhantomData;

use ndarray::{Array, Dimension};

use super::ranked::Shaped;
use super::sources::Sources;
use crate::element::Element;
use crate::recording::call_site::CallSite;
use crate::rule::gradient::{Destination, Given, Gradient, InputGradients, NextGradient, Surplus, Taker, Wanted};
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
    tensors: InputGradients<'a, 't, W>,
    marks: Marks,
}

/// What makes the derivative of a gradient an error: the call, and what the gradient is computed from.
#[doc(hidden)]
pub struct Marks(CallSite, Sources);

/// The gradient of a parameter of this dtype and dimension, as a tensor.
#[doc(hidden)]
pub struct Marked<'m, T>(Converted<T>, &'m Marks);

#[diagnostic::do_not_recommend]
impl<T: Element, D: Dimension> Gradient<Shaped<T, D>> for Marked<'_, T> {
    #[inline]
    fn put(self, to: Destination<'_, '_>) {
        let Marked(gradient, Marks(site, sources)) = self;
        match gradient {
            Ok(Some(gradient)) => Gradient::<Tensor<T>>::put(sources.mark(*site, gradient), to),
            Ok(None) => {}
            Err(NotImplemented(reason)) => to.refuse(reason),
        }
    }
}

impl<'a, 't, W> ArrayGradients<'a, 't, W> {
    #[inline]
    pub(super) fn new(tensors: InputGradients<'a, 't, W>, site: CallSite, sources: Sources) -> Self {
        ArrayGradients { tensors, marks: Marks(site, sources) }
    }

    /// Takes the gradient of the next input: runs the closure if that gradient is needed.
    #[inline]
    pub fn next<T, D>(self, gradient: impl FnOnce(Give<T, D>) -> Converted<T>) -> ArrayGradients<'a, 't, W::Rest>
    where
        W: NextArray<Gradient: Kind<Dtype = T, Dim = D>>,
        for<'m> Marked<'m, T>: Gradient<W::Gradient>,
    {
        let ArrayGradients { tensors, marks } = self;
        let tensors = tensors.next(|| Marked(gradient(Give(PhantomData)), &marks));
        ArrayGradients { tensors, marks }
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
        gradients.give_all(&mut self.tensors.taker, &self.marks);
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

/// The dtype and the dimension of a gradient.
pub trait Kind {
    type Dtype;
    type Dim;
}
impl<T: Element, D: Dimension> Kind for Shaped<T, D> {
    type Dtype = T;
    type Dim = D;
}

/// A gradient too many may have any, so that one mistake makes one message.
impl Kind for Surplus {
    type Dtype = Surplus;
    type Dim = Surplus;
}
impl<G> ArrayGradient<Surplus, Surplus> for G {
    fn into_tensor(self) -> Converted<Surplus> {
        Ok(None)
    }
}

/// That an input is left for the next gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too many gradients: this one has no array parameter",
    label = "a gradient too many",
    note = "`grad` returns one gradient for each parameter that is an array of `f32` or `f64`, in their order; every other parameter is a constant and gets none, not even `None`"
)]
pub trait NextArray: Wanted + NextGradient {}
impl<D, R> NextArray for (D, R) {}

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
    fn give_all(self, taker: &mut Taker<'_, '_>, marks: &Marks);
}

impl<T: Element, D: Dimension, G: ArrayGradient<T, D>> AllArrays<(Shaped<T, D>, ())> for G {
    #[inline]
    fn give_all(self, taker: &mut Taker<'_, '_>, marks: &Marks) {
        taker.next::<Shaped<T, D>, _>(|| Marked(ArrayGradient::<T, D>::into_tensor(self), marks));
    }
}

macro_rules! tuples {
    ($(($index:tt $gradient:ident $_x:ident $dtype:ident $_value:ident $dim:ident))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $dim: Dimension, $gradient: ArrayGradient<$dtype, $dim>),+> AllArrays<nested!($([Shaped<$dtype, $dim>])+)>
            for ($($gradient,)+)
        {
            fn give_all(self, taker: &mut Taker<'_, '_>, marks: &Marks) {
                $(taker.next::<Shaped<$dtype, $dim>, _>(|| {
                    Marked(ArrayGradient::<$dtype, $dim>::into_tensor(self.$index), marks)
                });)+
            }
        }
    };
}
for_each_tuple! { tuples 2..=8 }
