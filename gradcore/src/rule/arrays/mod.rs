//! The contract of `#[custom_gradient(arrays)]`: the body and `grad` see ndarray's arrays, the outside sees tensors.
//!
//! It is that of every rule, with a conversion at each border:
//!
//! 1. [`enter`] begins the call, and [`ArraysCall::view`] gives each array parameter, its rank checked.
//! 2. What `grad` uses is kept; a view of an argument as a handle to the tensor that it looks into.
//! 3. [`ArraysCall::exit`] turns the value into tensors; `grad` receives views, and its arrays go to the tape.

mod form;
mod given;
mod gradient;
mod output;
mod ranked;
mod residuals;
mod sources;

use std::any::Any;
use std::ops::Deref;

use ndarray::{ArrayView, Dimension};
use smallvec::SmallVec;

use super::gradient::Given;
use super::input::CallInputs;
use super::{AtLeastOne, Call, Prepared};
use crate::error::{Error, refuse};
use crate::recording::call_site::Rule;
use crate::tensor::Tensor;

use form::ArrayType;
pub use form::{hold, own, own_optional};
use gradient::ArrayGradients;
pub use gradient::{NoGradient, none};
use output::{ArrayOutputs, ArrayValue, Upstreams};
pub use ranked::ranked;
use ranked::viewed;
pub use residuals::KeepArray;
use sources::Sources;

/// A call of a rule over arrays whose body is running.
pub struct ArraysCall<'t, W> {
    call: Call<W>,
    /// The arguments, where a tape watches one: views that `grad` captures look into them.
    tensors: SmallVec<[&'t dyn Any; 4]>,
    sources: Sources,
}

/// Generated code keeps what is no view by the call itself.
impl<W> Deref for ArraysCall<'_, W> {
    type Target = Call<W>;
    fn deref(&self) -> &Call<W> {
        &self.call
    }
}

/// Begins a call.
///
/// # Panics
/// As [`super::enter`].
#[track_caller]
#[inline]
pub fn enter<'t, I: CallInputs>(rule: &'static Rule, inputs: I) -> ArraysCall<'t, I::Wanted>
where
    I::Wanted: AtLeastOne,
{
    let sources = Sources::of(&inputs);
    ArraysCall { call: super::enter(rule, inputs), tensors: SmallVec::new(), sources }
}

impl<'t, W> ArraysCall<'t, W> {
    /// The argument at `position` as an array of the rank that the parameter's type `A` says.
    ///
    /// # Panics
    /// Panics if it has another rank.
    #[inline]
    #[track_caller]
    pub fn view<A: ArrayType>(
        &mut self,
        tensor: &'t Tensor<A::Elem>,
        position: usize,
    ) -> ArrayView<'t, A::Elem, A::Dim> {
        if self.call.watches(!0) {
            self.tensors.push(tensor);
        }
        match viewed(tensor) {
            Some(view) => view,
            // A closure would not know the caller.
            None => refuse_rank::<A::Dim>(self.call.site.rule, position, tensor.shape()),
        }
    }

    /// As [`view`](Self::view), for an argument that may be left out.
    ///
    /// # Panics
    /// Panics if it has another rank.
    #[inline]
    #[track_caller]
    pub fn view_optional<A: ArrayType>(
        &mut self,
        tensor: Option<&'t Tensor<A::Elem>>,
        position: usize,
    ) -> Option<ArrayView<'t, A::Elem, A::Dim>> {
        match tensor {
            Some(tensor) => Some(self.view::<A>(tensor, position)),
            None => None,
        }
    }

    /// In place of a backward function that nobody would run.
    #[inline]
    pub fn unwatched<O: ArrayOutputs>(&self) -> Prepared<<O::Owned as Upstreams>::Tensors> {
        self.call.unwatched()
    }

    /// The backward function: from views of the upstream gradients of the outputs `O` to gradients `W`.
    #[inline]
    pub fn backward<O: ArrayOutputs, B>(&self, backward: B) -> Prepared<<O::Owned as Upstreams>::Tensors>
    where
        B: for<'a, 'p> Fn(<O::Owned as Upstreams>::Views<'a>, ArrayGradients<'a, 'p, W>) -> Given + 'static,
        W: 'static,
    {
        prepared::<O::Owned, W, B>(&self.call, self.sources.clone(), backward)
    }

    /// Ends the call: the caller's tensors, recorded with the backward function where a tape watches an input.
    #[inline]
    #[track_caller]
    pub fn exit<O: ArrayOutputs>(
        self,
        value: impl ArrayValue<O::Owned>,
        backward: Prepared<<O::Owned as Upstreams>::Tensors>,
    ) -> <O::Owned as Upstreams>::Tensors {
        self.call.exit::<<O::Owned as Upstreams>::Tensors>(value.into_tensors(), backward)
    }
}

/// What the tape keeps has no borrowed lifetime, so it is made apart from the call that has one.
#[inline]
fn prepared<O: Upstreams, W: 'static, B>(call: &Call<W>, sources: Sources, backward: B) -> Prepared<O::Tensors>
where
    B: for<'a, 'p> Fn(O::Views<'a>, ArrayGradients<'a, 'p, W>) -> Given + 'static,
{
    let site = call.site;
    call.backward::<O::Tensors, _>(move |upstream, sink| {
        let sources = sources.with(|add| O::tensor_refs(&upstream, add));
        backward(O::views(upstream), ArrayGradients::new(sink, site, sources))
    })
}

#[track_caller]
#[cold]
fn refuse_rank<D: Dimension>(rule: &'static Rule, position: usize, shape: &[usize]) -> ! {
    let parameter = rule.parameters.get(position).unwrap_or(&"?");
    let rank = D::NDIM.unwrap_or_default();
    refuse(&Error::Argument {
        operation: rule.name,
        expected: format!("`{parameter}` to be a tensor of rank {rank}"),
        found: format!(
            "rank {} with shape {shape:?}; bring it to rank {rank} with `tf::reshape`, or take an `ArrayView{}`",
            shape.len(),
            if shape.len() <= 6 { shape.len().to_string() } else { "D".to_owned() },
        ),
    })
}
