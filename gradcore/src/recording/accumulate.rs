//! How contributions to one gradient are added up.

use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use smallvec::SmallVec;

use super::call_site::{CallSite, Rule};
use super::node::{Backward, ProbeOutputs, Sink, Upstream};
use super::recorder;
use super::tensor_ref::{Output, TensorRef};
use crate::element::Real;
use crate::kernels::elementwise;
use crate::tensor::{Erased, Identity, Tensor};

/// Adds a contribution to a gradient.
pub(crate) fn add(sum: &mut Erased, other: Erased) {
    if !recorder::is_recording() && add_scalar(sum, &other) {
        return;
    }
    match (sum, other) {
        (Erased::F32(sum), Erased::F32(other)) => accumulate(sum, other),
        (Erased::F64(sum), Erased::F64(other)) => accumulate(sum, other),
        _ => unreachable!("a slot has one dtype, and it is real"),
    }
}

/// Adds a scalar to a scalar, which is seen through references because what was just made is slow to move.
#[inline]
fn add_scalar(sum: &mut Erased, other: &Erased) -> bool {
    fn add<T: Real>(sum: &mut Tensor<T>, other: &Tensor<T>) -> bool {
        match (sum.as_scalar(), other.as_scalar()) {
            (Some(one), Some(two)) => *sum = Tensor::scalar(one + two).with_role(sum.role().of_sum(other.role())),
            _ => return false,
        }
        true
    }
    match (sum, other) {
        (Erased::F32(sum), Erased::F32(other)) => add(sum, other),
        (Erased::F64(sum), Erased::F64(other)) => add(sum, other),
        _ => false,
    }
}

/// Adds in place where nobody else can see it; on a tape where one records, for then a derivative of the sum may be
/// asked for.
fn accumulate<T: Real>(sum: &mut Tensor<T>, mut other: Tensor<T>) {
    let role = sum.role().of_sum(other.role());
    if recorder::is_recording() {
        *sum = recorded_sum(sum, &other);
    } else if let Some(values) = sum.values_mut() {
        elementwise::add_assign(values, other.values());
        *sum = sum.renewed(Identity::fresh()).with_role(role);
    } else if let Some(values) = other.values_mut() {
        elementwise::add_assign(values, sum.values());
        *sum = other.renewed(Identity::fresh()).with_role(role);
    } else {
        *sum = fresh_sum(sum, &other);
    }
}

fn fresh_sum<T: Real>(left: &Tensor<T>, right: &Tensor<T>) -> Tensor<T> {
    let role = left.role().of_sum(right.role());
    let mut sum = left.renewed(Identity::computed());
    if let Some(values) = sum.values_mut() {
        elementwise::add_assign(values, right.values());
        return sum.with_role(role);
    }
    let sum = Tensor::overwritten("gradient", left.shared_shape(), |out| {
        out.copy_from_slice(left.values());
        elementwise::add_assign(out, right.values());
    });
    sum.with_role(role)
}

/// The sum of two contributions as a node of its own: each receives the upstream gradient unchanged.
struct Sum<T>(CallSite, PhantomData<T>);

static SUM: Rule =
    Rule::new("sum of gradients", file!(), line!(), &["first", "second"]).linear_is_an_option_of_gradcore_alone();

impl<T: Real> Backward for Sum<T> {
    fn site(&self) -> CallSite {
        self.0
    }
    fn parameter(&self, position: usize) -> String {
        SUM.parameters[position].to_owned()
    }
    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        outputs.next::<T>();
    }
    fn run(&self, upstream: Upstream<'_>, sink: &mut Sink<'_>) {
        let Some(gradient): Option<&Tensor<T>> = upstream.gradients[0].as_ref().and_then(Erased::get) else {
            return;
        };
        for position in (0..2).filter(|position| sink.needs(*position)).collect::<SmallVec<[usize; 2]>>() {
            sink.put(position, gradient.clone());
        }
    }
}

fn tensor_ref<T: Real>(tensor: &Tensor<T>) -> TensorRef<'_> {
    TensorRef { identity: tensor.identity(), seen: tensor }
}

fn recorded_sum<T: Real>(left: &Tensor<T>, right: &Tensor<T>) -> Tensor<T> {
    let begun = recorder::begin(&SUM, &[tensor_ref(left), tensor_ref(right)], &[]);
    let inside = fresh_sum(left, right);
    let sum = inside.renewed(Identity::fresh());
    let output = Output { inside: inside.identity(), outside: sum.identity(), value: &sum };
    let called = Location::caller();
    recorder::finish(begun, &[output], || Rc::new(Sum::<T>(CallSite { rule: &SUM, called }, PhantomData)));
    sum
}
