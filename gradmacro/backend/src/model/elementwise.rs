//! The option `elementwise`: what the parameters of a function of one element are.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Generics, Type};

use crate::model::parameter::{Parameter, ParameterKind};
use crate::syntax::groups::peeled_type;

/// What is particular to a function of one element.
pub(crate) struct Elementwise {
    /// The type of the result, and so of the inputs.
    pub(crate) scalar: Type,
    /// Whether that is a type parameter of the function.
    pub(crate) is_generic: bool,
    /// By number of the parameter.
    pub(crate) roles: Vec<Role>,
}

/// What a parameter is. All but the inputs are constants.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Input,
    /// A constant of the type of the inputs.
    Scalar,
    /// A constant of another type, taken by value.
    Value,
    /// A constant of another type, taken by reference.
    Reference,
}

/// Traits that a number with its derivative implements, and that do not make a number real.
pub(crate) const PLAIN: [&str; 11] =
    ["Number", "Element", "Copy", "Clone", "Debug", "Display", "Default", "PartialEq", "PartialOrd", "Send", "Sync"];

impl Elementwise {
    pub(crate) fn new(scalar: &Type, generics: &Generics, parameters: &[Parameter]) -> Self {
        let text = |ty: &Type| peeled_type(ty).to_token_stream().to_string();
        let role = |parameter: &Parameter| match &parameter.ty {
            ty if text(ty) == text(scalar) && parameter.kind == ParameterKind::ByType => Role::Input,
            ty if text(ty) == text(scalar) => Role::Scalar,
            ty if matches!(peeled_type(ty), Type::Reference(_)) => Role::Reference,
            _ => Role::Value,
        };
        Elementwise {
            scalar: peeled_type(scalar).clone(),
            is_generic: generics.type_params().any(|parameter| scalar_is(scalar, &parameter.ident)),
            roles: parameters.iter().map(role).collect(),
        }
    }

    fn of_role<'a>(&self, role: Role, parameters: &'a [Parameter]) -> Vec<&'a Parameter> {
        parameters
            .iter()
            .zip(&self.roles)
            .filter(|(_, found)| **found == role)
            .map(|(parameter, _)| parameter)
            .collect()
    }

    /// The names of the inputs.
    pub(crate) fn inputs(&self, parameters: &[Parameter]) -> Vec<String> {
        self.of_role(Role::Input, parameters).into_iter().map(|parameter| parameter.shown.clone()).collect()
    }
}

/// Whether the scalar is the type parameter of that name.
pub(crate) fn scalar_is(scalar: &Type, name: &Ident) -> bool {
    matches!(peeled_type(scalar), Type::Path(path) if path.path.is_ident(name))
}
