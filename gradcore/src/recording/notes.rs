//! What a tape notes of the calls that it records, if a person asks it to: what is kept, and what is not finite.

use std::any::{Any, type_name};

use super::call_site::CallSite;
use super::tensor_ref::{Output, TensorRef};
use crate::element::Element;
use crate::error::{BadNumber, BadValue, Error, NotFinite, TensorOfCall};
use crate::tensor::{Erased, Tensor};
use crate::variable::Variable;

/// What a tape does for debugging.
#[derive(Clone, Copy, Default)]
pub(crate) struct Aids {
    /// Whether it looks for numbers that are not finite.
    pub(crate) check_numerics: bool,
    /// Whether it notes what it keeps.
    pub(crate) note_saved: bool,
}

impl Aids {
    pub(crate) const NONE: Self = Aids { check_numerics: false, note_saved: false };

    /// What two tapes do.
    pub(crate) fn and(self, other: Self) -> Self {
        Aids {
            check_numerics: self.check_numerics || other.check_numerics,
            note_saved: self.note_saved || other.note_saved,
        }
    }

    #[inline]
    pub(crate) fn is_any(self) -> bool {
        self.check_numerics || self.note_saved
    }
}

/// What is noted of a call.
pub(crate) struct Notes {
    /// What its backward function keeps, if that is noted.
    pub(crate) saved: Option<Vec<NotedValue>>,
    /// The inputs that are not finite.
    pub(super) inputs: Vec<BadNumber>,
    /// The first output that is not finite.
    pub(super) output: Option<BadNumber>,
}

/// A value as it was kept.
pub(crate) struct NotedValue {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// What was kept.
pub(crate) enum Value {
    /// One more handle.
    Tensor(Erased),
    Opaque {
        type_name: &'static str,
        bytes: usize,
    },
}

impl NotedValue {
    /// A tensor.
    pub(crate) fn tensor_of(name: &'static str, tensor: Erased) -> Self {
        NotedValue { name, value: Value::Tensor(tensor) }
    }

    /// A value that is no tensor, and so many bytes on the heap.
    pub(crate) fn opaque<K>(name: &'static str, _: &K, on_heap: usize) -> Self {
        NotedValue { name, value: Value::Opaque { type_name: type_name::<K>(), bytes: size_of::<K>() + on_heap } }
    }

    /// A function that runs again, with all that it holds.
    pub(crate) fn function<F: ?Sized>(function: &F) -> Self {
        let value = Value::Opaque { type_name: "function", bytes: size_of_val(function) };
        NotedValue { name: "function", value }
    }

    /// A kept value, or each tensor of a list of them.
    pub(crate) fn all_in<K: 'static>(name: &'static str, residual: &K) -> Vec<Self> {
        match tensors_in(residual) {
            Some(tensors) => tensors.into_iter().map(|tensor| NotedValue::tensor_of(name, tensor)).collect(),
            None => vec![NotedValue::opaque(name, residual, numbers_in(residual))],
        }
    }

    pub(super) fn is_opaque(&self) -> bool {
        self.tensor().is_none()
    }

    pub(crate) fn tensor(&self) -> Option<&Erased> {
        match &self.value {
            Value::Tensor(tensor) => Some(tensor),
            Value::Opaque { .. } => None,
        }
    }
}

/// The tensors of a value, if it is one or several.
fn tensors_in(residual: &dyn Any) -> Option<Vec<Erased>> {
    fn of_dtype<T: Element>(residual: &dyn Any) -> Option<Vec<Erased>> {
        let handle = |tensor: &Tensor<T>| Erased::new(tensor.clone());
        if let Some(tensor) = residual.downcast_ref::<Tensor<T>>() {
            return Some(vec![handle(tensor)]);
        }
        if let Some(variable) = residual.downcast_ref::<Variable<T>>() {
            return Some(vec![handle(variable)]);
        }
        if let Some(tensor) = residual.downcast_ref::<Option<Tensor<T>>>() {
            return Some(tensor.iter().map(handle).collect());
        }
        if let Some(tensors) = residual.downcast_ref::<Vec<Tensor<T>>>() {
            return Some(tensors.iter().map(handle).collect());
        }
        let variables = residual.downcast_ref::<Vec<Variable<T>>>()?;
        Some(variables.iter().map(|variable| handle(variable)).collect())
    }
    let of_reals = of_dtype::<f32>(residual).or_else(|| of_dtype::<f64>(residual));
    let of_integers =
        || of_dtype::<i32>(residual).or_else(|| of_dtype::<i64>(residual)).or_else(|| of_dtype::<u8>(residual));
    of_reals.or_else(of_integers).or_else(|| of_dtype::<bool>(residual))
}

/// Bytes of the elements of a `Vec` of numbers.
fn numbers_in(residual: &dyn Any) -> usize {
    fn of_type<N: 'static>(residual: &dyn Any) -> Option<usize> {
        residual.downcast_ref::<Vec<N>>().map(|numbers| size_of_val(&**numbers))
    }
    let of_floats = of_type::<f32>(residual).or_else(|| of_type::<f64>(residual));
    let of_integers =
        || of_type::<i32>(residual).or_else(|| of_type::<i64>(residual)).or_else(|| of_type::<u8>(residual));
    let of_others =
        || of_type::<usize>(residual).or_else(|| of_type::<isize>(residual)).or_else(|| of_type::<bool>(residual));
    of_floats.or_else(of_integers).or_else(of_others).unwrap_or_default()
}

/// An argument that is not finite, by its place among the inputs, which one that is `#[nondiff]` has not.
pub(super) struct BadInput {
    position: Option<usize>,
    index: Vec<usize>,
    value: BadValue,
}

impl BadInput {
    /// With the name that the parameter at a position has.
    pub(super) fn named(self, parameter: impl Fn(usize) -> String) -> BadNumber {
        let tensor = self.position.map_or(TensorOfCall::Nondiff, |position| TensorOfCall::Input(parameter(position)));
        BadNumber { tensor, index: self.index, value: self.value }
    }
}

/// The arguments of a call that are not finite.
pub(super) fn bad_inputs<'a>(
    inputs: &'a [TensorRef<'a>],
    known: &'a [TensorRef<'a>],
) -> impl Iterator<Item = BadInput> + 'a {
    let inputs = inputs.iter().enumerate().map(|(position, input)| (Some(position), input));
    inputs.chain(known.iter().map(|known| (None, known))).filter_map(|(position, tensor_ref)| {
        let (index, value) = first_in(&tensor_ref.seen.handle()?)?;
        Some(BadInput { position, index, value })
    })
}

/// The first output of a call that is not finite.
pub(super) fn bad_output(outputs: &[Output<'_>]) -> Option<BadNumber> {
    outputs.iter().enumerate().find_map(|(number, output)| {
        let number = (outputs.len() > 1).then_some(number);
        bad_in(&output.value.erased(), || TensorOfCall::Output(number))
    })
}

/// The first element that is not finite, of a tensor that is what `tensor` says.
pub(crate) fn bad_in(values: &Erased, tensor: impl FnOnce() -> TensorOfCall) -> Option<BadNumber> {
    let (index, value) = first_in(values)?;
    Some(BadNumber { tensor: tensor(), index, value })
}

fn first_in(tensor: &Erased) -> Option<(Vec<usize>, BadValue)> {
    let (place, value) = tensor.first_not_finite()?;
    Some((index_of(place, tensor.as_untyped().shape()), BadValue::of(value)?))
}

/// The index of an element, from its place in row-major order.
fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, size) in shape.iter().enumerate().rev() {
        index[axis] = place % size;
        place /= size;
    }
    index
}

/// What is said of a call that made a number that is not finite.
pub(crate) fn not_finite(site: CallSite, made: BadNumber, given: Vec<BadNumber>) -> Error {
    Error::NotFinite(Box::new(NotFinite { call: site.rule_call(), made, given }))
}
