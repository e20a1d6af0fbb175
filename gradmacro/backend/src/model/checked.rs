//! The option `check(…)`: the arguments of a generated test, and what its gradients need not be.

use proc_macro2::Ident;
use syn::Expr;
use syn::ext::IdentExt;

use crate::model::GradFn;
use crate::model::options::Check;
use crate::model::parameter::Parameter;

/// What a gradient need not be, with an example of a reason: methods of `CheckOptions`. A parameter of such a name comes
/// first.
const EXEMPTIONS: [(&str, &str); 2] =
    [("not_a_derivative", "straight-through estimator"), ("not_linear", "clipped gradient")];

/// The exemptions that are given: name, an example of a reason, reason.
pub(crate) fn exemptions<'a>(
    function: &GradFn,
    check: &'a Check,
) -> impl Iterator<Item = (&'a Ident, &'static str, &'a Expr)> {
    let is_parameter = |name: &Ident| function.parameters.iter().any(|parameter| name.unraw() == parameter.shown);
    let given = check.arguments.iter().filter(move |(name, _)| !is_parameter(name));
    given.filter_map(|(name, reason)| {
        let (_, example) = EXEMPTIONS.iter().find(|(exemption, _)| name == exemption)?;
        Some((name, *example, reason))
    })
}

/// What a parameter is given.
pub(crate) fn argument_of<'a>(check: &'a Check, parameter: &Parameter) -> Option<&'a Expr> {
    check.arguments.iter().find(|(name, _)| name.unraw() == parameter.shown).map(|(_, value)| value)
}
