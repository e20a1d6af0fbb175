//! What a function returns, and what its `grad` therefore receives.

use smallvec::SmallVec;

use crate::element::Element;
use crate::recording::node::{ProbeOutputs, Upstream};
use crate::recording::tensor_ref::Output;
use crate::shape::Shape;
use crate::tensor::{Erased, Identity, Tensor};
use crate::tuples::for_each_tuple;
use crate::variable::Variable;

/// What an annotated function returns: a tensor, or a tuple of tensors.
#[diagnostic::on_unimplemented(
    message = "a `#[custom_gradient]` function returns a tensor or a tuple of tensors, found `{Self}`",
    label = "not a tensor, nor a tuple of tensors"
)]
pub trait Outputs: Clone {
    /// What `grad` receives: a reference to a tensor for each output, zeros where the output was not used.
    type Upstream<'a>;
    /// Gives each output another identity.
    #[doc(hidden)]
    fn renew(&mut self);
    #[doc(hidden)]
    fn described<'a>(&'a self, renewed: &'a Self) -> Described<'a>;
    #[doc(hidden)]
    fn probe_outputs(outputs: &mut ProbeOutputs<'_>);
    #[doc(hidden)]
    fn upstream(upstream: Upstream<'_>) -> Self::Upstream<'_>;
}

/// An entry for each output.
type Described<'a> = SmallVec<[Output<'a>; 1]>;

/// What the first half of the pair may be: the value, or a reference to the tensor that is returned.
#[diagnostic::on_unimplemented(
    message = "the value in the pair must be `{O}`, which the function returns, found `{Self}`",
    label = "expected `{O}`"
)]
pub trait OutputValue<O> {
    /// The value, owned.
    fn into_output(self) -> O;
}

impl<O: Outputs> OutputValue<O> for O {
    #[inline]
    fn into_output(self) -> O {
        self
    }
}

impl<T: Element> OutputValue<Tensor<T>> for &Tensor<T> {
    #[inline]
    fn into_output(self) -> Tensor<T> {
        self.clone()
    }
}

impl<T: Element> OutputValue<Tensor<T>> for &Variable<T> {
    #[inline]
    fn into_output(self) -> Tensor<T> {
        (**self).clone()
    }
}

impl<T: Element> Tensor<T> {
    #[inline]
    fn output<'a>(&self, renewed: &'a Self) -> Output<'a> {
        Output { inside: self.identity(), outside: renewed.identity(), value: renewed }
    }

    /// The gradient that reached an output; zeros if none did, which are zeros of choice.
    #[inline]
    fn received<'a>(gradient: &'a mut Option<Erased>, shape: &Shape) -> &'a Self {
        let gradient = gradient.get_or_insert_with(|| Erased::new(Tensor::<T>::nothing("gradient", shape.clone())));
        gradient.get().expect("a gradient has the dtype of its output")
    }
}

impl<T: Element> Outputs for Tensor<T> {
    type Upstream<'a> = &'a Tensor<T>;
    #[inline]
    fn renew(&mut self) {
        self.set_identity(Identity::fresh());
    }
    #[inline]
    fn described<'a>(&'a self, renewed: &'a Self) -> Described<'a> {
        SmallVec::from_buf([self.output(renewed)])
    }
    fn probe_outputs(outputs: &mut ProbeOutputs<'_>) {
        outputs.next::<T>();
    }
    #[inline]
    fn upstream(upstream: Upstream<'_>) -> &Self {
        Tensor::received(&mut upstream.gradients[0], &upstream.shapes[0])
    }
}

macro_rules! tuples {
    ($(($index:tt $dtype:ident $output:ident $($_name:ident)+))+) => {
        #[diagnostic::do_not_recommend]
        impl<$($dtype: Element),+> Outputs for ($(Tensor<$dtype>,)+) {
            type Upstream<'a> = ($(&'a Tensor<$dtype>,)+);
            fn renew(&mut self) {
                $(self.$index.renew();)+
            }
            fn described<'a>(&'a self, renewed: &'a Self) -> Described<'a> {
                [$(self.$index.output(&renewed.$index)),+].into_iter().collect()
            }
            fn probe_outputs(outputs: &mut ProbeOutputs<'_>) {
                $(outputs.next::<$dtype>();)+
            }
            fn upstream(upstream: Upstream<'_>) -> Self::Upstream<'_> {
                let [$($output),+] = upstream.gradients else { unreachable!("a node has a slot for each output") };
                ($(Tensor::received($output, &upstream.shapes[$index]),)+)
            }
        }
    };
}
for_each_tuple! { tuples 1..=8 }
