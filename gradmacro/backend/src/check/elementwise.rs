//! What a function of one element cannot be: one named function for each rule, each with its reason.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Lifetime, ParenthesizedGenericArguments, ReturnType, Type, TypeFnPtr, TypeReference};

use crate::model::GradFn;
use crate::model::elementwise::{Elementwise, PLAIN, Role};
use crate::model::parameter::ParameterKind;
use crate::report::Report;
use crate::syntax::groups::peeled_type;
use crate::syntax::types::{bounds, is_constant, is_tensor, trait_name};
use crate::syntax::written::type_as_written;

/// Reports what a function of one element cannot be. `true` if its rules can be looked at.
pub(crate) fn check(function: &GradFn, report: &mut Report) -> bool {
    has_no_self(function, report);
    let Some(elementwise) = function.form.elementwise() else { return false };
    let returns_scalar = returns_a_scalar(function, report);
    returns_scalar && parameters_are_scalars(function, elementwise, report)
}

/// The body is a function of its own.
fn has_no_self(function: &GradFn, report: &mut Report) {
    if let Some(receiver) = function.function.sig.receiver() {
        report.error(
            receiver,
            "a body for one element has no `self`; make what it reads of `self` a parameter, such as `#[nondiff] slope: f32`",
        );
    }
}

/// One number goes in at each place, and one comes out.
fn returns_a_scalar(function: &GradFn, report: &mut Report) -> bool {
    const EXPECTED: &str = "expected `f32`, `f64` or a type parameter `T: Real`";
    let name = &function.function.sig.ident;
    let ReturnType::Type(_, ty) = &function.function.sig.output else {
        report.error(
            &function.function.sig,
            format_args!("`{name}` returns nothing; write the type of one element, such as `-> f32`, and end it with the pair `(value, grad)`"),
        );
        return false;
    };
    let found = type_as_written(ty);
    let text = match peeled_type(ty) {
        ty if function.output.in_result => {
            return report_at(
                ty,
                report,
                format_args!(
                    "`{name}` returns a `Result`, but an element cannot fail on its own; return `f32`, and check the arguments in a function that calls this one"
                ),
            );
        }
        Type::Tuple(_) => {
            format!("`{name}` returns `{found}`; a body for one element returns one number: write a function for each")
        }
        ty if let Some(dtype) = is_tensor(ty) => format!(
            "`{name}` returns `{found}`; with `elementwise` the body is written for one element: write `-> {dtype}`"
        ),
        ty if is_constant(ty) && !is_float(ty) => {
            format!("`{name}` returns `{found}`, which has no gradient; {EXPECTED}")
        }
        Type::Path(_) => match function.form.elementwise() {
            Some(elementwise) if elementwise.is_generic && !may_be_real(function, &found) => {
                format!("no gradient exists for every `{found}`; write the bound `{found}: Real`")
            }
            _ => return true,
        },
        _ => format!("`{name}` returns `{found}`; {EXPECTED}"),
    };
    report_at(ty, report, text)
}

/// Whether a bound is `Real`, or a trait that may imply it.
fn may_be_real(function: &GradFn, name: &str) -> bool {
    let mut traits = bounds(&function.function.sig.generics, name).filter_map(trait_name);
    traits.any(|name| !PLAIN.contains(&name.as_str()))
}

fn report_at(place: &impl ToTokens, report: &mut Report, text: impl std::fmt::Display) -> bool {
    report.error(place, text);
    false
}

fn is_float(ty: &Type) -> bool {
    matches!(peeled_type(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "f32" || last.ident == "f64"))
}

/// At least one parameter is an input, and none looks like one without being it.
fn parameters_are_scalars(function: &GradFn, elementwise: &Elementwise, report: &mut Report) -> bool {
    let name = &function.function.sig.ident;
    let scalar = elementwise.scalar.to_token_stream().to_string();
    let mut mistaken = false;
    for (parameter, role) in function.parameters.iter().zip(&elementwise.roles) {
        let (shown, ty) = (&parameter.shown, &parameter.ty);
        let found = type_as_written(ty);
        let text = match ty {
            ty if is_tensor(ty).is_some() => format!(
                "with `elementwise` the body is written for one element, and the function takes a tensor all the same; write `{shown}: {scalar}`"
            ),
            Type::Reference(inner) if inner.elem.to_token_stream().to_string() == scalar => {
                format!(
                    "`{shown}` is `{found}`, which is neither an input nor owned; write `{shown}: {scalar}`, or `#[nondiff] {shown}: {scalar}` for a constant"
                )
            }
            Type::Reference(inner) if inner.mutability.is_some() => format!(
                "`{shown}` is `{found}`; the body runs for each element, on any thread, so it can change nothing outside"
            ),
            ty if is_float(ty)
                && *role == Role::Value
                && parameter.kind == ParameterKind::ByType
                && !elementwise.is_generic =>
            {
                format!(
                    "`{shown}` is `{found}`, and `{name}` returns `{scalar}`: every input has the type of the result; write `{shown}: {scalar}`, or `#[nondiff] {shown}: {found}` for a constant"
                )
            }
            ty if borrows(ty, *role) => format!(
                "`{shown}` is `{found}`, which borrows, but a constant is kept for the gradient; take it by reference, as in `{shown}: &[f32]`, or as something owned"
            ),
            _ => continue,
        };
        mistaken = true;
        report.error(ty, text);
    }
    if !mistaken && !elementwise.roles.contains(&Role::Input) {
        report.error(
            &function.function.sig,
            format_args!("`{name}` has no parameter to which a gradient could flow; expected one of the type of the result, such as `x: {scalar}`, without `#[nondiff]`"),
        );
        mistaken = true;
    }
    !mistaken
}

/// Whether something borrowed is in a type, apart from the reference that a constant may be taken by.
fn borrows(ty: &Type, role: Role) -> bool {
    struct Borrows(bool);
    impl Visit<'_> for Borrows {
        fn visit_type_reference(&mut self, reference: &TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            self.0 |= lifetime.ident != "static";
        }
        // `impl Fn(&str)` and the like borrow nothing by what they take.
        fn visit_parenthesized_generic_arguments(&mut self, _: &ParenthesizedGenericArguments) {}
        fn visit_type_fn_ptr(&mut self, _: &TypeFnPtr) {}
    }
    let mut borrows = Borrows(false);
    match ty {
        Type::Reference(reference) if role == Role::Reference => borrows.visit_type(&reference.elem),
        ty => borrows.visit_type(ty),
    }
    borrows.0
}
