//! What `grad` returns: one gradient for each input, checked and handed to the tape.

use std::marker::PhantomData;

use crate::element::Element;
use crate::recording::node;
use crate::recording::positions::LAST_BIT;
use crate::tensor::Tensor;
use crate::tuples::{for_each_tuple, nested};

/// What `grad` may return for one parameter. `D` is what its gradient is made of.
#[diagnostic::on_unimplemented(
    message = "the gradient of this parameter must be `{D}`, found `{Self}`",
    label = "expected `{D}`, a reference to it, or `None`",
    note = "`grad` returns one gradient for each differentiable parameter, in the order of the parameters and of their dtype; that of a list of tensors is a `Vec` or an array of gradients"
)]
pub trait Gradient<D> {
    #[doc(hidden)]
    fn put(self, to: Destination<'_, '_>);
}

/// Where the gradient of a parameter goes: so many tensors of a tape, from a position on.
pub struct Destination<'s, 'a> {
    tape: &'s mut node::Sink<'a>,
    first: usize,
    size: usize,
    is_needed: bool,
}

impl<'a> Destination<'_, 'a> {
    /// Where that of one tensor of a list goes.
    fn part(&mut self, index: usize) -> Destination<'_, 'a> {
        let first = self.first + index;
        let is_needed = self.tape.needs(first);
        Destination { tape: self.tape, first, size: 1, is_needed }
    }
}

impl Destination<'_, '_> {
    /// Ends the pass, if the gradient is needed, for nobody has written it.
    pub(super) fn refuse(self, reason: &'static str) {
        if self.is_needed {
            self.tape.refuse_not_implemented(self.first, self.size, reason);
        }
    }
}

/// What is a [`Gradient`] of something. It has no parameter, so rustc sees that a `Result` is none.
pub trait SomeGradient {}
impl<T> SomeGradient for Tensor<T> {}
impl<T> SomeGradient for &Tensor<T> {}
impl<G: SomeGradient> SomeGradient for Option<G> {}
impl SomeGradient for NoGradient {}
impl<G> SomeGradient for Vec<G> {}
impl<G, const N: usize> SomeGradient for [G; N] {}

impl<T: Element> Gradient<Tensor<T>> for Tensor<T> {
    #[inline]
    fn put(self, to: Destination<'_, '_>) {
        if to.is_needed {
            to.tape.put(to.first, self);
        }
    }
}

impl<T: Element> Gradient<Tensor<T>> for &Tensor<T> {
    #[inline]
    fn put(self, to: Destination<'_, '_>) {
        Gradient::<Tensor<T>>::put(self.clone(), to);
    }
}

impl<D: Known, G: Gradient<D>> Gradient<D> for Option<G> {
    #[inline]
    fn put(self, to: Destination<'_, '_>) {
        if let Some(gradient) = self {
            gradient.put(to);
        }
    }
}

/// What the macro writes for a literal `None`, whose type Rust could not infer: no gradient flows.
pub struct NoGradient;

impl<D: Known> Gradient<D> for NoGradient {
    #[inline]
    fn put(self, _: Destination<'_, '_>) {}
}

/// What gradients are made of.
pub trait Known {}
impl<T: Element> Known for Tensor<T> {}
impl<T: Element> Known for Vec<Tensor<T>> {}

#[diagnostic::do_not_recommend]
impl<T: Element, G: Gradient<Tensor<T>>> Gradient<Vec<Tensor<T>>> for Vec<G> {
    fn put(self, to: Destination<'_, '_>) {
        let count = self.len();
        put_each(self, count, to);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Element, G: Gradient<Tensor<T>>, const N: usize> Gradient<Vec<Tensor<T>>> for [G; N] {
    fn put(self, to: Destination<'_, '_>) {
        put_each(self, N, to);
    }
}

fn put_each<T: Element, G: Gradient<Tensor<T>>>(
    gradients: impl IntoIterator<Item = G>,
    count: usize,
    mut to: Destination<'_, '_>,
) {
    if count == to.size {
        gradients.into_iter().enumerate().for_each(|(index, gradient)| gradient.put(to.part(index)));
    } else {
        to.tape.refuse_count(to.first, to.size, count);
    }
}

macro_rules! tuples_of_tensors {
    ($(($index:tt $dtype:ident $_x:ident $gradient:ident $($_name:ident)+))+) => {
        impl<$($dtype: Element),+> Known for ($(Tensor<$dtype>,)+) {}
        #[diagnostic::do_not_recommend]
        impl<$($gradient),+> SomeGradient for ($($gradient,)+) {}
        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $gradient: Gradient<Tensor<$dtype>>),+> Gradient<($(Tensor<$dtype>,)+)>
            for ($($gradient,)+)
        {
            fn put(self, mut to: Destination<'_, '_>) {
                $(self.$index.put(to.part($index));)+
            }
        }
    };
}
for_each_tuple! { tuples_of_tensors 1..=4 }

/// What the macro writes for a literal `None` in a branch, where another branch may have `Some(…)`.
#[must_use]
pub fn none<T: Element>() -> Option<Tensor<T>> {
    None
}

/// Takes the gradients of one call, one after the other. `W` is what those still to come are made of, as nested pairs.
/// It is small, because it is handed on for each of them.
pub struct InputGradients<'a, 't, W> {
    pub(super) taker: Taker<'a, 't>,
    wanted: PhantomData<fn() -> W>,
}

/// That a rule has given its gradients.
pub struct Given(());

impl Given {
    pub(super) const ALL: Self = Given(());
}

/// The gradients that a tape needs, input by input.
pub struct Taker<'a, 't> {
    tape: &'a mut node::Sink<'t>,
    /// Where there are lists among the inputs, how many tensors each input is.
    sizes: Option<&'a Vec<u32>>,
}

impl Taker<'_, '_> {
    /// Takes the gradient of the next input, if the tape needs it.
    #[inline]
    pub(super) fn next<D, G: Gradient<D>>(&mut self, gradient: impl FnOnce() -> G) {
        let tape = &mut *self.tape;
        let (input, first) = tape.next;
        let (size, is_needed) = match self.sizes {
            None => (1, tape.needs(first)),
            Some(sizes) => {
                let size = sizes[input] as usize;
                // Each is asked for, so that one that does not come is noticed.
                (size, (first..first + size).fold(false, |needed, position| tape.needs(position) | needed))
            }
        };
        tape.next = (input + 1, first + size);
        if is_needed {
            gradient().put(Destination { tape, first, size, is_needed });
        }
    }

    /// The tensors of the inputs in `inputs`, as bits.
    fn tensors_of(&self, inputs: u64) -> u64 {
        let mut first = 0;
        let mut tensors = 0;
        for (input, size) in self.sizes.into_iter().flatten().enumerate() {
            let of_input = (first..first + size).fold(0, |bits, tensor| bits | 1 << tensor.min(LAST_BIT));
            tensors |= if inputs >> input & 1 != 0 { of_input } else { 0 };
            first += size;
        }
        tensors
    }
}

impl<'a, 't, W> InputGradients<'a, 't, W> {
    #[inline]
    pub(crate) fn new(tape: &'a mut node::Sink<'t>, sizes: Option<&'a Vec<u32>>) -> Self {
        InputGradients { taker: Taker { tape, sizes }, wanted: PhantomData }
    }

    /// Takes the gradient of the next input: runs the closure if that gradient is needed.
    #[inline]
    pub fn next<G: Gradient<W::Gradient>>(mut self, gradient: impl FnOnce() -> G) -> InputGradients<'a, 't, W::Rest>
    where
        W: Wanted + NextGradient,
    {
        self.taker.next(gradient);
        InputGradients { taker: self.taker, wanted: PhantomData }
    }

    /// Whether the gradient of one of the inputs in `inputs` is needed: bit `k` for the `k`th.
    #[inline]
    #[must_use]
    pub fn wants(&self, inputs: u64) -> bool {
        let tensors = if self.taker.sizes.is_some() { self.taker.tensors_of(inputs) } else { inputs };
        self.taker.tape.wants(tensors)
    }

    /// Ends the gradients.
    #[inline]
    #[allow(clippy::unused_self, reason = "its type tells that none is missing")]
    pub fn done(self) -> Given
    where
        W: NoMoreGradients,
    {
        Given::ALL
    }

    /// As [`whole`](Self::whole), where `grad` can fail.
    #[inline]
    pub fn attempt<G: AllGradients<W>, E: GradientError>(self, gradients: Result<G, E>) -> Given {
        self.whole(gradients)
    }

    /// Takes the gradients of all inputs at once: bare if there is one, else a tuple.
    #[inline]
    pub fn whole<G: AllGradients<W>>(mut self, gradients: G) -> Given {
        gradients.give_all(&mut self.taker);
        Given::ALL
    }
}

/// What the gradients still to come are made of.
pub trait Wanted {
    type Gradient;
    type Rest;
}
impl<D, R> Wanted for (D, R) {
    type Gradient = D;
    type Rest = R;
}
impl Wanted for () {
    type Gradient = Surplus;
    type Rest = ();
}

/// What a gradient too many is made of: anything will do, so that one mistake makes one message.
pub struct Surplus;
impl<G> Gradient<Surplus> for G {
    fn put(self, _: Destination<'_, '_>) {}
}

/// That a differentiable parameter is left for the next gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too many gradients: this one has no differentiable parameter",
    label = "a gradient too many",
    note = "`grad` returns one gradient for each parameter that is a tensor or a variable of `f32` or `f64`, in their order; every other parameter is a constant and gets none, not even `None`"
)]
pub trait NextGradient {}
impl<D, R> NextGradient for (D, R) {}

/// That every differentiable parameter has its gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too few gradients: a differentiable parameter is left without one",
    label = "after this gradient one is missing",
    note = "`grad` returns one gradient for each parameter that is a tensor or a variable of `f32` or `f64`, in their order; write `None` where no gradient flows, or mark the parameter `#[nondiff]`"
)]
pub trait NoMoreGradients {}
impl NoMoreGradients for () {}

/// The gradients of all inputs at once.
#[diagnostic::on_unimplemented(
    message = "`grad` must return one gradient for each differentiable parameter, found `{Self}`",
    label = "not one gradient for each differentiable parameter",
    note = "expected a tensor, a reference to one or `None` for one parameter, and a tuple of these, in the order of the parameters, for several, or a `Result` of these with an error that implements `std::error::Error`"
)]
pub trait AllGradients<W> {
    #[doc(hidden)]
    fn give_all(self, taker: &mut Taker<'_, '_>);
}

#[diagnostic::do_not_recommend]
impl<D, G: Gradient<D> + SomeGradient> AllGradients<(D, ())> for G {
    #[inline]
    fn give_all(self, taker: &mut Taker<'_, '_>) {
        taker.next(|| self);
    }
}

/// A `grad` that can fail.
#[diagnostic::do_not_recommend]
impl<W, G: AllGradients<W>, E: GradientError> AllGradients<W> for Result<G, E> {
    fn give_all(self, taker: &mut Taker<'_, '_>) {
        match self {
            Ok(gradients) => gradients.give_all(taker),
            Err(error) => taker.tape.fail(error.into_source()),
        }
    }
}

/// What a `grad` may return in `Err`.
#[diagnostic::on_unimplemented(
    message = "`grad` cannot return an `Err` of type `{Self}`",
    label = "expected an error: a `String`, a `&'static str` or a type that implements `std::error::Error + Send + Sync`"
)]
pub trait GradientError {
    #[doc(hidden)]
    fn into_source(self) -> Source;
}

type Source = Box<dyn std::error::Error + Send + Sync>;

#[diagnostic::do_not_recommend]
impl<E: Into<Source>> GradientError for E {
    fn into_source(self) -> Source {
        self.into()
    }
}

/// The type of a `grad`'s error where the user writes none: it takes every error by `?`.
pub struct Failure(Source);

#[diagnostic::do_not_recommend]
impl<E: Into<Source>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.into())
    }
}

impl GradientError for Failure {
    fn into_source(self) -> Source {
        self.0
    }
}

macro_rules! tuples {
    ($(($index:tt $gradient:ident $_x:ident $wanted:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($wanted, $gradient: Gradient<$wanted>),+> AllGradients<nested!($([$wanted])+)> for ($($gradient,)+) {
            fn give_all(self, taker: &mut Taker<'_, '_>) {
                $(taker.next::<$wanted, _>(|| self.$index);)+
            }
        }
    };
}
for_each_tuple! { tuples 2..=8 }
