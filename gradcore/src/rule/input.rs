//! Which parameters are differentiable: their types decide.

use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::element::{Element, Integer};
use crate::recording::tensor_ref::TensorRef;
use crate::shape::Shape;
use crate::tensor::{Identity, Tensor};
use crate::tuples::for_each_tuple;
use crate::variable::Variable;

/// A tensor or a variable, or a reference to one, which may be missing.
pub trait Argument {
    /// The dtype, of which the gradient is.
    type Dtype: Element;
    #[doc(hidden)]
    fn tensor_ref(&self) -> TensorRef<'_>;
}

/// An argument that is left out.
const NOBODY: TensorRef<'static> = TensorRef { identity: Identity::NOBODY, seen: &Shape::SCALAR };

impl<T: Element> Argument for Tensor<T> {
    type Dtype = T;
    #[inline]
    fn tensor_ref(&self) -> TensorRef<'_> {
        TensorRef { identity: self.identity(), seen: self }
    }
}

impl<T: Element> Argument for Variable<T> {
    type Dtype = T;
    #[inline]
    fn tensor_ref(&self) -> TensorRef<'_> {
        TensorRef { identity: self.identity(), seen: self }
    }
}

impl<A: Argument + ?Sized> Argument for &A {
    type Dtype = A::Dtype;
    #[inline]
    fn tensor_ref(&self) -> TensorRef<'_> {
        (**self).tensor_ref()
    }
}

impl<A: Argument + ?Sized> Argument for &mut A {
    type Dtype = A::Dtype;
    #[inline]
    fn tensor_ref(&self) -> TensorRef<'_> {
        (**self).tensor_ref()
    }
}

impl<A: Argument> Argument for Option<A> {
    type Dtype = A::Dtype;
    fn tensor_ref(&self) -> TensorRef<'_> {
        self.as_ref().map_or(NOBODY, Argument::tensor_ref)
    }
}

/// What a differentiable parameter, or a place in `variables(…)`, can be.
#[diagnostic::on_unimplemented(
    message = "no gradient flows to `{Self}`",
    label = "neither a tensor nor a variable of `f32` or `f64`, nor a list or tuple of these",
    note = "`variables(…)` lists tensors, variables and lists of them that the body reads, such as `variables(self.w, self.layers[0].w)`"
)]
pub trait DifferentiableInput {
    /// What its gradient is made of: a tensor, a `Vec` of tensors, a tuple of tensors.
    type Gradient;
    /// Whether it is more than one tensor.
    const IS_LIST: bool;
    #[doc(hidden)]
    fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>));
}

macro_rules! single {
    ($($argument:ty),+) => { $(
        impl<T: Element> DifferentiableInput for $argument {
            type Gradient = Tensor<T>;
            const IS_LIST: bool = false;
            #[inline]
            fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
                visit(self.tensor_ref());
            }
        }
    )+ };
}
single!(Tensor<T>, Variable<T>);

macro_rules! references {
    ($($reference:ty),+) => { $(
        impl<D: DifferentiableInput + ?Sized> DifferentiableInput for $reference {
            type Gradient = D::Gradient;
            const IS_LIST: bool = D::IS_LIST;
            #[inline]
            fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
                (**self).visit(visit);
            }
        }
    )+ };
}
references!(&D, &mut D, Box<D>, Rc<D>, Arc<D>);

impl<D: DifferentiableInput> DifferentiableInput for Option<D> {
    type Gradient = D::Gradient;
    const IS_LIST: bool = D::IS_LIST;
    fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
        match self {
            Some(argument) => argument.visit(visit),
            None if D::IS_LIST => {}
            None => visit(NOBODY),
        }
    }
}

impl<A: Argument> DifferentiableInput for [A] {
    type Gradient = Vec<Tensor<A::Dtype>>;
    const IS_LIST: bool = true;
    fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
        self.iter().for_each(|argument| visit(argument.tensor_ref()));
    }
}

impl<A: Argument, const N: usize> DifferentiableInput for [A; N] {
    type Gradient = Vec<Tensor<A::Dtype>>;
    const IS_LIST: bool = true;
    fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
        self.as_slice().visit(visit);
    }
}

impl<T: Argument> DifferentiableInput for Vec<T> {
    type Gradient = Vec<Tensor<T::Dtype>>;
    const IS_LIST: bool = true;
    fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
        self.as_slice().visit(visit);
    }
}

macro_rules! tuples {
    ($(($index:tt $argument:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($argument: Argument),+> DifferentiableInput for ($($argument,)+) {
            type Gradient = ($(Tensor<$argument::Dtype>,)+);
            const IS_LIST: bool = true;
            fn visit<'a>(&'a self, visit: &mut impl FnMut(TensorRef<'a>)) {
                $(visit(self.$index.tensor_ref());)+
            }
        }
    };
}
for_each_tuple! { tuples 1..=4 }

/// Tensors of integers and `bool`: arguments through which no gradient flows.
pub trait IntegerTensor {}
impl<T: Integer> IntegerTensor for Tensor<T> {}
impl IntegerTensor for Tensor<bool> {}
impl<T: Integer> IntegerTensor for Variable<T> {}
impl IntegerTensor for Variable<bool> {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for &I {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for &mut I {}
impl<I: IntegerTensor> IntegerTensor for Option<I> {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for Box<I> {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for Rc<I> {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for Arc<I> {}
impl<I: IntegerTensor> IntegerTensor for (I,) {}
impl<I: IntegerTensor, J: IntegerTensor> IntegerTensor for (I, J) {}
impl<I: IntegerTensor, J: IntegerTensor, K: IntegerTensor> IntegerTensor for (I, J, K) {}
impl<I: IntegerTensor> IntegerTensor for [I] {}
impl<I: IntegerTensor, const N: usize> IntegerTensor for [I; N] {}
impl<I: IntegerTensor> IntegerTensor for Vec<I> {}

/// `(&&&Probe(&x)).__parameter()` is an [`Input`] where the type of `x` is differentiable, and a [`Constant`] otherwise.
/// A tensor generic over `T: Element` is an input; whether a gradient exists then shows when it runs.
pub struct Probe<'a, P: ?Sized>(pub &'a P);

/// First: a tensor known to be of integers is a constant.
pub trait ProbeInteger {
    /// What the parameter is.
    fn __parameter(&self) -> Constant;
}
impl<P: IntegerTensor + ?Sized> ProbeInteger for &&Probe<'_, P> {
    #[inline]
    fn __parameter(&self) -> Constant {
        Constant
    }
}

/// Second: any other tensor is an input.
pub trait ProbeInput<'a> {
    /// The type of the parameter.
    type Found;
    /// What the parameter is.
    fn __parameter(&self) -> Input<'a, Self::Found>;
}
impl<'a, P: DifferentiableInput> ProbeInput<'a> for &Probe<'a, P> {
    type Found = P;
    #[inline]
    fn __parameter(&self) -> Input<'a, P> {
        Input(self.0)
    }
}

/// Third: everything else is a constant.
pub trait ProbeConstant {
    /// What the parameter is.
    fn __parameter(&self) -> Constant;
}
impl<P: ?Sized> ProbeConstant for Probe<'_, P> {
    #[inline]
    fn __parameter(&self) -> Constant {
        Constant
    }
}

/// A parameter that gets a gradient.
pub struct Input<'a, A>(pub &'a A);

/// A parameter that gets none.
pub struct Constant;

/// A parameter that is marked `#[nondiff]`: it gets no gradient, also where it is a tensor that a tape watches.
pub struct Nondiff<P>(pub P);

/// A local around a closure, and its name: messages name it where a gradient would be lost.
pub struct Captured<P>(pub &'static str, pub P);

/// An [`Input`], a [`Constant`], or either marked [`Nondiff`].
pub trait Parameter {
    /// What the gradients `Rest` are made of, with that of this parameter before them if it is an input.
    type Before<Rest>;
    const IS_INPUT: bool;
    /// Whether it is more than one tensor.
    const IS_LIST: bool;
    #[doc(hidden)]
    fn see<'a>(&'a self, seen: &mut SeenTensors<'a>);
}

impl<D: DifferentiableInput> Parameter for Input<'_, D> {
    type Before<Rest> = (D::Gradient, Rest);
    const IS_INPUT: bool = true;
    const IS_LIST: bool = D::IS_LIST;
    #[inline]
    fn see<'a>(&'a self, seen: &mut SeenTensors<'a>) {
        self.0.visit(&mut |tensor_ref| seen.inputs.push(tensor_ref));
    }
}

impl Parameter for Constant {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    const IS_LIST: bool = false;
    #[inline]
    fn see<'a>(&'a self, _: &mut SeenTensors<'a>) {}
}

impl<P: Parameter> Parameter for Nondiff<P> {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    const IS_LIST: bool = false;
    #[inline]
    fn see<'a>(&'a self, seen: &mut SeenTensors<'a>) {
        let mut inside = SeenTensors::default();
        self.0.see(&mut inside);
        seen.known.extend(inside.inputs);
    }
}

impl<P: Parameter> Parameter for Captured<P> {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    const IS_LIST: bool = false;
    fn see<'a>(&'a self, seen: &mut SeenTensors<'a>) {
        let mut inside = SeenTensors::default();
        self.1.see(&mut inside);
        seen.rare().captured.extend(inside.inputs.iter().map(|tensor_ref| (tensor_ref.identity, self.0)));
    }
}

/// All parameters of a function, as nested pairs.
pub trait CallInputs {
    /// What the gradients that `grad` returns are made of, as nested pairs.
    type Wanted;
    /// Which parameters are inputs: bit `k` for the `k`th.
    const INPUTS: u64;
    /// Whether an input is more than one tensor.
    const HAS_LISTS: bool;
    #[doc(hidden)]
    fn tensor_refs<'a>(&'a self, seen: &mut SeenTensors<'a>, has_lists: bool);
}

/// The tensors among the arguments.
#[doc(hidden)]
#[derive(Default)]
pub struct SeenTensors<'a> {
    pub(super) inputs: SmallVec<[TensorRef<'a>; 4]>,
    /// Those that are `#[nondiff]`.
    pub(super) known: SmallVec<[TensorRef<'a>; 1]>,
    /// What most calls have nothing of.
    pub(super) rare: Option<Box<Rare>>,
}

/// What is seen in calls of closures, and of functions with lists among their inputs.
#[derive(Default)]
#[doc(hidden)]
pub(super) struct Rare {
    /// Tensors that a closure has captured, with the names of the locals.
    pub(super) captured: Vec<(Identity, &'static str)>,
    /// Where there are lists, how many tensors each input is.
    pub(super) sizes: Vec<u32>,
}

impl SeenTensors<'_> {
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

impl CallInputs for () {
    type Wanted = ();
    const INPUTS: u64 = 0;
    const HAS_LISTS: bool = false;
    #[inline]
    fn tensor_refs<'a>(&'a self, _: &mut SeenTensors<'a>, _: bool) {}
}

impl<P: Parameter, R: CallInputs> CallInputs for (P, R) {
    type Wanted = P::Before<R::Wanted>;
    const INPUTS: u64 = P::IS_INPUT as u64 | R::INPUTS << 1;
    const HAS_LISTS: bool = P::IS_LIST || R::HAS_LISTS;
    #[inline]
    fn tensor_refs<'a>(&'a self, seen: &mut SeenTensors<'a>, has_lists: bool) {
        let before = seen.inputs.len();
        self.0.see(seen);
        if P::IS_INPUT && has_lists {
            let size = seen.inputs.len() - before;
            seen.rare().sizes.push(u32::try_from(size).expect("a list has fewer than 2^32 tensors"));
        }
        self.1.tensor_refs(seen, has_lists);
    }
}

/// That a function has a differentiable parameter.
#[diagnostic::on_unimplemented(
    message = "this `#[custom_gradient]` function has no differentiable parameter, so no gradient can reach anything",
    label = "no parameter is a tensor of `f32` or `f64`",
    note = "expected a parameter such as `x: &Tensor`, or a place that the body reads in `#[custom_gradient(variables(self.w))]`"
)]
pub trait AtLeastOne {}
impl<T, W> AtLeastOne for (T, W) {}
