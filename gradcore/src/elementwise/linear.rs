//! Gradients of loops, which are linear in what is upstream of them: that much of a derivative they all have, and it is
//! what forward mode asks for.

use std::marker::PhantomData;
use std::rc::Rc;

use smallvec::SmallVec;

use super::recorded::record;
use crate::element::Real;
use crate::recording::call_site::CallSite;
use crate::recording::node;
use crate::recording::node::{ProbeOutputs, Sink, Upstream};
use crate::recording::tensor_ref::TensorRef;
use crate::rule::underived::Underived;
use crate::tensor::{Erased, Tensor};

/// Records outputs computed from inputs. In the inputs from `fixed` on they are linear: `transpose` gives the gradient of
/// the input with that number, counted from there, given what is upstream of each output. In the inputs before they have
/// no derivative.
pub(super) fn record_linear<T: Real>(
    underived: Underived,
    inputs: &[TensorRef<'_>],
    fixed: usize,
    outputs: &[&Tensor<T>],
    transpose: impl Fn(usize, &[Option<&Tensor<T>>]) -> Tensor<T> + 'static,
) {
    let (count, given) = (inputs.len(), outputs.len());
    record(underived.site, inputs, fixed, outputs, || {
        Rc::new(Linear { underived, fixed, inputs: count, outputs: given, transpose, dtype: PhantomData::<fn() -> T> })
    });
}

struct Linear<T, F> {
    underived: Underived,
    fixed: usize,
    inputs: usize,
    outputs: usize,
    transpose: F,
    dtype: PhantomData<fn() -> T>,
}

impl<T: Real, F: Fn(usize, &[Option<&Tensor<T>>]) -> Tensor<T>> node::Backward for Linear<T, F> {
    fn site(&self) -> CallSite {
        self.underived.site
    }

    fn parameter(&self, position: usize) -> String {
        self.underived.parameter(position)
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        (0..self.outputs).for_each(|_| outputs.next::<T>());
    }

    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        if (0..self.fixed).any(|position| sink.needs(position)) {
            return self.underived.refuse(sink);
        }
        let gradients: SmallVec<[Option<&Tensor<T>>; 2]> =
            upstream.gradients.iter().map(|gradient| gradient.as_ref().and_then(Erased::get)).collect();
        for position in self.fixed..self.inputs {
            if sink.needs(position) {
                sink.put(position, (self.transpose)(position - self.fixed, &gradients));
            }
        }
    }
}
