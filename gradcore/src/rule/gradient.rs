//! What `grad` returns: one gradient for each input, checked and handed to the tape.

use std::marker::PhantomData;

use crate::element::Element;
use crate::error::Error;
use crate::tape;
use crate::tensor::Tensor;

/// What `grad` may return for one parameter.
#[diagnostic::on_unimplemented(
    message = "the gradient of this parameter must be a tensor of `{T}`, found `{Self}`",
    label = "expected `Tensor<{T}>`, `&Tensor<{T}>` or `None`",
    note = "`grad` returns one gradient for each differentiable parameter, in the order of the parameters and of their dtype"
)]
pub trait Gradient<T> {
    #[doc(hidden)]
    fn into_tensor(self) -> Option<Tensor<T>>;
}

/// What is a [`Gradient`] of some dtype. It has no parameter, so rustc sees that a `Result` is none.
pub trait SomeGradient {}
impl<T> SomeGradient for Tensor<T> {}
impl<T> SomeGradient for &Tensor<T> {}
impl<G: SomeGradient> SomeGradient for Option<G> {}
impl SomeGradient for NoGradient {}

impl<T: Element> Gradient<T> for Tensor<T> {
    #[inline]
    fn into_tensor(self) -> Option<Tensor<T>> {
        Some(self)
    }
}

impl<T: Element> Gradient<T> for &Tensor<T> {
    #[inline]
    fn into_tensor(self) -> Option<Tensor<T>> {
        Some(self.clone())
    }
}

impl<T: Element, G: Gradient<T>> Gradient<T> for Option<G> {
    #[inline]
    fn into_tensor(self) -> Option<Tensor<T>> {
        self.and_then(Gradient::into_tensor)
    }
}

/// What the macro writes for a literal `None`, whose type Rust could not infer: no gradient flows.
pub struct NoGradient;

impl<T: Element> Gradient<T> for NoGradient {
    #[inline]
    fn into_tensor(self) -> Option<Tensor<T>> {
        None
    }
}

/// What the macro writes for a literal `None` in a branch, where another branch may have `Some(…)`.
#[must_use]
pub fn none<T: Element>() -> Option<Tensor<T>> {
    None
}

/// Takes the gradients of one call, one after the other. `W` are the dtypes of those still to come, as nested pairs.
pub struct Sink<'a, W> {
    tape: tape::Sink<'a>,
    position: usize,
    wanted: PhantomData<fn() -> W>,
}

/// That a rule has given its gradients.
pub struct Given(pub(crate) Result<(), Error>);

impl<'a, W> Sink<'a, W> {
    #[inline]
    pub(crate) fn new(tape: tape::Sink<'a>) -> Self {
        Sink { tape, position: 0, wanted: PhantomData }
    }

    #[inline]
    pub(super) fn into_tape(self) -> tape::Sink<'a> {
        self.tape
    }

    /// Takes the gradient of the next input: runs the closure if that gradient is needed.
    #[inline]
    pub fn next<G: Gradient<W::Dtype>>(mut self, gradient: impl FnOnce() -> G) -> Sink<'a, W::Rest>
    where
        W: Wanted + NextGradient,
    {
        let Sink { position, .. } = self;
        if self.tape.needs(position) {
            W::put(position, gradient(), &mut self.tape);
        }
        Sink { tape: self.tape, position: position + 1, wanted: PhantomData }
    }

    /// Whether the gradient of one of the inputs in `positions` is needed: bit `k` for the `k`th.
    #[inline]
    #[must_use]
    pub fn wants(&self, positions: u64) -> bool {
        self.tape.wants(positions)
    }

    /// Ends the gradients.
    #[inline]
    pub fn done(self) -> Given
    where
        W: NoMoreGradients,
    {
        Given(self.tape.finish())
    }

    /// Takes the gradients of all inputs at once: bare if there is one, else a tuple.
    #[inline]
    pub fn whole<G: AllGradients<W>>(mut self, gradients: G) -> Given {
        gradients.give_all(&mut self.tape);
        Given(self.tape.finish())
    }
}

#[inline]
fn put<T: Element>(position: usize, gradient: impl Gradient<T>, sink: &mut tape::Sink<'_>) {
    if let Some(gradient) = gradient.into_tensor() {
        sink.put(position, gradient);
    }
}

/// The value of a `let` before the gradients, if one of those that use it is needed.
pub struct Shared<V>(pub Option<V>);

/// A gradient sees what it uses only if it is needed itself.
const MADE: &str = "a `let` runs when a gradient that uses it is needed";

impl<V: Clone> Shared<V> {
    /// The value, for one more gradient.
    ///
    /// # Panics
    /// Never: a `let` runs when a gradient that uses it is needed.
    #[inline]
    pub fn get(&self) -> V {
        self.0.clone().expect(MADE)
    }
}

/// What cannot be cloned is seen through a reference.
pub trait SeeShared<V> {
    /// The value.
    fn get(&self) -> &V;
}
impl<V> SeeShared<V> for Shared<V> {
    #[inline]
    fn get(&self) -> &V {
        self.0.as_ref().expect(MADE)
    }
}

/// The dtypes of gradients still to come.
pub trait Wanted {
    type Dtype;
    type Rest;
}
impl<T: Element, R> Wanted for (T, R) {
    type Dtype = T;
    type Rest = R;
}
impl Wanted for () {
    type Dtype = Surplus;
    type Rest = ();
}

/// The dtype of a gradient too many: any will do, so that one mistake makes one message.
pub struct Surplus;

impl<G> Gradient<Surplus> for G {
    fn into_tensor(self) -> Option<Tensor<Surplus>> {
        None
    }
}

/// That a differentiable parameter is left for the next gradient.
#[diagnostic::on_unimplemented(
    message = "`grad` returns too many gradients: this one has no differentiable parameter",
    label = "a gradient too many",
    note = "`grad` returns one gradient for each parameter that is a tensor or a variable of `f32` or `f64`, in their order; every other parameter is a constant and gets none, not even `None`"
)]
pub trait NextGradient: Wanted {
    #[doc(hidden)]
    fn put(position: usize, gradient: impl Gradient<Self::Dtype>, sink: &mut tape::Sink<'_>);
}
impl<T: Element, R> NextGradient for (T, R) {
    #[inline]
    fn put(position: usize, gradient: impl Gradient<T>, sink: &mut tape::Sink<'_>) {
        put(position, gradient, sink);
    }
}

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
    note = "expected a tensor, a reference to one or `None` for one parameter, and a tuple of these, in the order of the parameters, for several"
)]
pub trait AllGradients<W> {
    #[doc(hidden)]
    fn give_all(self, sink: &mut tape::Sink<'_>);
}

#[diagnostic::do_not_recommend]
impl<T: Element, G: Gradient<T> + SomeGradient> AllGradients<(T, ())> for G {
    #[inline]
    fn give_all(self, sink: &mut tape::Sink<'_>) {
        if sink.needs(0) {
            put::<T>(0, self, sink);
        }
    }
}

/// A `grad` that can fail.
#[diagnostic::do_not_recommend]
impl<W, G: AllGradients<W>, E: GradientError> AllGradients<W> for Result<G, E> {
    fn give_all(self, sink: &mut tape::Sink<'_>) {
        match self {
            Ok(gradients) => gradients.give_all(sink),
            Err(error) => sink.fail(error.into_source()),
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
    ($(($($gradient:ident $dtype:ident $index:tt)+) $wanted:ty;)+) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element, $gradient: Gradient<$dtype>),+> AllGradients<$wanted> for ($($gradient,)+) {
            fn give_all(self, sink: &mut tape::Sink<'_>) {
                $(if sink.needs($index) {
                    put::<$dtype>($index, self.$index, sink);
                })+
            }
        }
    )+ };
}
tuples! {
    (GA A 0 GB B 1) (A, (B, ()));
    (GA A 0 GB B 1 GC C 2) (A, (B, (C, ())));
    (GA A 0 GB B 1 GC C 2 GD D 3) (A, (B, (C, (D, ()))));
    (GA A 0 GB B 1 GC C 2 GD D 3 GE E 4) (A, (B, (C, (D, (E, ())))));
    (GA A 0 GB B 1 GC C 2 GD D 3 GE E 4 GF F 5) (A, (B, (C, (D, (E, (F, ()))))));
    (GA A 0 GB B 1 GC C 2 GD D 3 GE E 4 GF F 5 GG G 6) (A, (B, (C, (D, (E, (F, (G, ())))))));
    (GA A 0 GB B 1 GC C 2 GD D 3 GE E 4 GF F 5 GG G 6 GH H 7) (A, (B, (C, (D, (E, (F, (G, (H, ()))))))));
}
