//! What a function returns.

use syn::{ReturnType, Type};

use crate::syntax::groups::peeled_type;
use crate::syntax::types::{in_result, is_tensor};

/// The return type of a function, as callers see it.
pub(crate) struct Output {
    /// What the value of a pair is: the type, or what is in its `Result`.
    pub(crate) value: Option<Type>,
    /// Whether pairs stand in `Ok(…)`.
    pub(crate) in_result: bool,
}

impl Output {
    pub(super) fn of(written: &ReturnType) -> Self {
        let ReturnType::Type(_, ty) = written else { return Output { value: None, in_result: false } };
        match in_result(ty) {
            Some(value) => Output { value: Some(value), in_result: true },
            None => Output { value: Some(peeled_type(ty).clone()), in_result: false },
        }
    }

    /// The types of the outputs, where the syntax shows them. An element is one output of any type.
    pub(crate) fn each(&self, is_elementwise: bool) -> Option<Vec<&Type>> {
        match self.value.as_ref()? {
            Type::Tuple(tuple) if !is_elementwise => Some(tuple.elems.iter().collect()),
            value => (is_elementwise || is_tensor(value).is_some()).then(|| vec![value]),
        }
    }
}
