//! Which parameters are differentiable: their types decide.

use smallvec::SmallVec;

use crate::element::{Element, Integer};
use crate::tape::Member;
use crate::tensor::{Identity, Tensor};
use crate::variable::Variable;

/// What a differentiable parameter, or a place in `variables(…)`, can be.
#[diagnostic::on_unimplemented(
    message = "no gradient flows to `{Self}`",
    label = "neither a tensor nor a variable of `f32` or `f64`",
    note = "`variables(…)` lists tensors and variables that the body reads, one by one, such as `variables(self.w, self.layers[0].w)`"
)]
pub trait Argument {
    /// The dtype, of which the gradient is.
    type Dtype: Element;
    #[doc(hidden)]
    fn member(&self) -> Member<'_>;
}

impl<T: Element> Argument for Tensor<T> {
    type Dtype = T;
    #[inline]
    fn member(&self) -> Member<'_> {
        Member { identity: self.identity(), shape: self.shape(), name: None }
    }
}

impl<T: Element> Argument for Variable<T> {
    type Dtype = T;
    #[inline]
    fn member(&self) -> Member<'_> {
        Member { identity: self.identity(), shape: self.shape(), name: self.name() }
    }
}

impl<A: Argument + ?Sized> Argument for &A {
    type Dtype = A::Dtype;
    #[inline]
    fn member(&self) -> Member<'_> {
        (**self).member()
    }
}

impl<A: Argument + ?Sized> Argument for &mut A {
    type Dtype = A::Dtype;
    #[inline]
    fn member(&self) -> Member<'_> {
        (**self).member()
    }
}

impl<A: Argument> Argument for Option<A> {
    type Dtype = A::Dtype;
    fn member(&self) -> Member<'_> {
        self.as_ref().map_or(Member { identity: Identity::NOBODY, shape: &[], name: None }, Argument::member)
    }
}

/// Tensors of integers and `bool`: arguments through which no gradient flows.
pub trait IntegerTensor {}
impl<T: Integer> IntegerTensor for Tensor<T> {}
impl IntegerTensor for Tensor<bool> {}
impl<T: Integer> IntegerTensor for Variable<T> {}
impl IntegerTensor for Variable<bool> {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for &I {}
impl<I: IntegerTensor + ?Sized> IntegerTensor for &mut I {}
impl<I: IntegerTensor> IntegerTensor for Option<I> {}

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
impl<'a, P: Argument> ProbeInput<'a> for &Probe<'a, P> {
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
    /// The dtypes `Rest`, with that of this parameter before them if it is an input.
    type Before<Rest>;
    const IS_INPUT: bool;
    #[doc(hidden)]
    fn member(&self) -> Option<Member<'_>>;
    #[doc(hidden)]
    #[inline]
    fn captured(&self) -> Option<(Member<'_>, &'static str)> {
        None
    }
}

impl<A: Argument> Parameter for Input<'_, A> {
    type Before<Rest> = (A::Dtype, Rest);
    const IS_INPUT: bool = true;
    #[inline]
    fn member(&self) -> Option<Member<'_>> {
        Some(self.0.member())
    }
}

impl Parameter for Constant {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    #[inline]
    fn member(&self) -> Option<Member<'_>> {
        None
    }
}

impl<P: Parameter> Parameter for Nondiff<P> {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    #[inline]
    fn member(&self) -> Option<Member<'_>> {
        self.0.member()
    }
}

impl<P: Parameter> Parameter for Captured<P> {
    type Before<Rest> = Rest;
    const IS_INPUT: bool = false;
    #[inline]
    fn member(&self) -> Option<Member<'_>> {
        None
    }
    fn captured(&self) -> Option<(Member<'_>, &'static str)> {
        Some((self.1.member()?, self.0))
    }
}

/// All parameters of a function, as nested pairs.
pub trait Inputs {
    /// The dtypes of the gradients that `grad` returns, as nested pairs.
    type Wanted;
    /// Which parameters are inputs: bit `k` for the `k`th.
    const INPUTS: u64;
    #[doc(hidden)]
    fn members<'a>(&'a self, seen: &mut SeenMembers<'a>);
}

/// The tensors among the arguments.
#[doc(hidden)]
#[derive(Default)]
pub struct SeenMembers<'a> {
    pub(super) inputs: SmallVec<[Member<'a>; 4]>,
    /// Those that are `#[nondiff]`.
    pub(super) known: SmallVec<[Member<'a>; 1]>,
    /// Those that a closure has captured.
    pub(super) captured: Vec<(Identity, &'static str)>,
}

impl Inputs for () {
    type Wanted = ();
    const INPUTS: u64 = 0;
    #[inline]
    fn members<'a>(&'a self, _: &mut SeenMembers<'a>) {}
}

impl<P: Parameter, R: Inputs> Inputs for (P, R) {
    type Wanted = P::Before<R::Wanted>;
    const INPUTS: u64 = P::IS_INPUT as u64 | R::INPUTS << 1;
    #[inline]
    fn members<'a>(&'a self, seen: &mut SeenMembers<'a>) {
        match self.0.member() {
            Some(member) if P::IS_INPUT => seen.inputs.push(member),
            Some(member) => seen.known.push(member),
            None => seen.captured.extend(self.0.captured().map(|(member, name)| (member.identity, name))),
        }
        self.1.members(seen);
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
