//! The checks that `#[custom_gradient(check(…))]` generates: arguments become inputs as the parameters' types say.

use std::marker::PhantomData;

use super::options::CheckOptions;
use super::outputs::CheckedOutputs;
use crate::arguments::{Inputs, Moves};
use crate::element::{Element, Real};
use crate::tensor::{Operand, Tensor};
use crate::tf;
use crate::variable::Variable;
use std::borrow::Borrow;

/// Overrides the seed of generated checks.
const SEED: &str = "CHECK_GRADIENTS_SEED";

fn seed() -> u64 {
    match std::env::var(SEED) {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("expected `{SEED}` to be a number, found `{seed}`")),
        Err(_) => 0,
    }
}

/// Runs a generated check.
///
/// # Panics
/// Panics with the report if the check fails.
#[track_caller]
pub fn check_rule<I: Inputs, O: CheckedOutputs>(
    function: &'static str,
    options: impl Into<CheckOptions>,
    inputs: I,
    f: impl for<'a> Fn(I::Seen<'a>) -> O,
) {
    let result = super::checked(f, &inputs, &options.into().seed(seed()), Some(function));
    if let Err(failed) = result {
        panic!("{failed}; `{SEED}=…` gives other random numbers");
    }
}

/// `(&&CheckedParameter::<P>::new("x", 0)).__value(…)`: an argument of a parameter of type `P`. An array of sizes, where `P` is a
/// tensor, is `__sizes`.
pub struct CheckedParameter<P> {
    name: &'static str,
    /// Counted from 0.
    position: u64,
    parameter: PhantomData<fn(P)>,
}

impl<P> CheckedParameter<P> {
    /// The slot of a parameter.
    #[must_use]
    pub fn new(name: &'static str, position: u64) -> Self {
        CheckedParameter { name, position, parameter: PhantomData }
    }
}

/// A parameter that is a tensor or variable.
#[doc(hidden)]
pub trait TensorParameter {
    type Dtype: Element;
    /// What the parameter is made from.
    type Held: Inputs;
    fn held(tensor: Tensor<Self::Dtype>) -> Self::Held;
}

/// A dtype of which random tensors are made.
#[diagnostic::on_unimplemented(
    message = "an array of sizes is filled with random numbers, which a tensor of `{Self}` cannot hold",
    label = "give the tensor itself, such as `tf::constant([0, 1])`"
)]
pub trait Random: Real {}
impl Random for f32 {}
impl Random for f64 {}

/// First: tensors and variables.
pub trait GivenTensor<P: TensorParameter> {
    /// A tensor of the given shape, of random numbers.
    fn __sizes<const N: usize>(&self, sizes: [usize; N]) -> Named<P::Held>
    where
        P::Dtype: Random;
    /// The given tensor.
    fn __value(&self, value: impl Operand<P::Dtype>) -> Named<P::Held>;
}
impl<P: TensorParameter> GivenTensor<P> for &CheckedParameter<P> {
    fn __sizes<const N: usize>(&self, sizes: [usize; N]) -> Named<P::Held>
    where
        P::Dtype: Random,
    {
        let seed = seed().wrapping_add(self.position);
        self.__value(tf::random::normal::<P::Dtype>(sizes, tf::options::seed(seed)))
    }
    fn __value(&self, value: impl Operand<P::Dtype>) -> Named<P::Held> {
        Named { name: self.name, held: P::held(value.held().borrow().clone()) }
    }
}

/// A constant of which each call receives a clone.
#[diagnostic::on_unimplemented(
    message = "a check calls the function many times, so it needs clones of its argument of type `{Self}`",
    label = "`{Self}` is not `Clone`",
    note = "derive `Clone` for the type, or check the function in a test with `check_gradients`"
)]
pub trait Repeated: Clone {}
#[diagnostic::do_not_recommend]
impl<P: Clone> Repeated for P {}

/// Second: everything else is passed on.
pub trait GivenConstant<P> {
    /// An array, which happens to look like sizes.
    fn __sizes(&self, value: P) -> Passed<P>
    where
        P: Repeated;
    /// The argument.
    fn __value(&self, value: P) -> Passed<P>
    where
        P: Repeated;
}
impl<P> GivenConstant<P> for CheckedParameter<P> {
    fn __sizes(&self, value: P) -> Passed<P>
    where
        P: Repeated,
    {
        Passed(value)
    }
    fn __value(&self, value: P) -> Passed<P>
    where
        P: Repeated,
    {
        Passed(value)
    }
}

impl<T: Element> TensorParameter for &Tensor<T> {
    type Dtype = T;
    type Held = Tensor<T>;
    fn held(tensor: Tensor<T>) -> Tensor<T> {
        tensor
    }
}

impl<T: Element> TensorParameter for &Variable<T> {
    type Dtype = T;
    type Held = Variable<T>;
    fn held(tensor: Tensor<T>) -> Variable<T> {
        Variable::new(tensor)
    }
}

impl<T: Element> TensorParameter for Tensor<T> {
    type Dtype = T;
    type Held = As<Owned, Tensor<T>>;
    fn held(tensor: Tensor<T>) -> Self::Held {
        As(tensor, PhantomData)
    }
}

impl<T: Element> TensorParameter for Variable<T> {
    type Dtype = T;
    type Held = As<Owned, Variable<T>>;
    fn held(tensor: Tensor<T>) -> Self::Held {
        As(Variable::new(tensor), PhantomData)
    }
}

impl<P: TensorParameter> TensorParameter for Option<P> {
    type Dtype = P::Dtype;
    type Held = As<Optional, P::Held>;
    fn held(tensor: Tensor<P::Dtype>) -> Self::Held {
        As(P::held(tensor), PhantomData)
    }
}

/// Inputs that the function receives in another form.
pub struct As<W, I>(I, PhantomData<W>);

/// A tensor or variable that is passed by value.
pub struct Owned;

/// A tensor that may be missing, and is there.
pub struct Optional;

/// A form in which a function receives something.
#[doc(hidden)]
pub trait Form<I: Inputs> {
    type Seen<'a>;
    fn seen(moved: &I::Moved) -> Self::Seen<'_>;
}

impl<T: Element> Form<Tensor<T>> for Owned {
    type Seen<'a> = Tensor<T>;
    fn seen(moved: &Tensor<T>) -> Tensor<T> {
        moved.clone()
    }
}

impl<T: Element> Form<Variable<T>> for Owned {
    type Seen<'a> = Variable<T>;
    fn seen(moved: &Variable<T>) -> Variable<T> {
        moved.snapshot()
    }
}

impl<I: Inputs> Form<I> for Optional {
    type Seen<'a> = Option<I::Seen<'a>>;
    fn seen(moved: &I::Moved) -> Option<I::Seen<'_>> {
        Some(I::seen(moved))
    }
}

impl<W: Form<I>, I: Inputs> Inputs for As<W, I> {
    type Seen<'a> = W::Seen<'a>;
    type Moved = I::Moved;
    fn moved(&self, moves: &mut Moves<'_>) -> I::Moved {
        self.0.moved(moves)
    }
    fn seen(moved: &I::Moved) -> W::Seen<'_> {
        W::seen(moved)
    }
}

/// Inputs of a parameter.
pub struct Named<I> {
    name: &'static str,
    held: I,
}

impl<I: Inputs> Inputs for Named<I> {
    type Seen<'a> = I::Seen<'a>;
    type Moved = I::Moved;
    fn moved(&self, moves: &mut Moves<'_>) -> I::Moved {
        moves.name = Some(self.name);
        let moved = self.held.moved(moves);
        moves.name = None;
        moved
    }
    fn seen(moved: &I::Moved) -> I::Seen<'_> {
        I::seen(moved)
    }
}

/// An argument that is passed as it is.
pub struct Passed<P>(pub P);

impl<P: Clone> Inputs for Passed<P> {
    type Seen<'a> = P;
    type Moved = P;
    fn moved(&self, _: &mut Moves<'_>) -> P {
        self.0.clone()
    }
    fn seen(moved: &P) -> P {
        moved.clone()
    }
}

/// The argument of a `#[nondiff]` parameter: it is not moved.
pub struct Fixed<I>(pub I);

impl<I: Inputs> Inputs for Fixed<I> {
    type Seen<'a> = I::Seen<'a>;
    type Moved = I::Moved;
    fn moved(&self, _: &mut Moves<'_>) -> I::Moved {
        self.0.moved(&mut Moves::new(&mut |tensor, _| tensor.erased()))
    }
    fn seen(moved: &I::Moved) -> I::Seen<'_> {
        I::seen(moved)
    }
}
