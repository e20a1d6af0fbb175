//! What a generated test needs: each parameter is given once, and the function can be called.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Expr, ExprLit, Lit};

use crate::model::GradFn;
use crate::model::checked::{argument_of, exemptions};
use crate::model::options::{Check, most_similar};
use crate::model::parameter::Parameter;
use crate::report::Report;
use crate::syntax::types::{is_constant, is_list, is_tensor};

/// Each parameter is given once, and the function can be called by a test.
pub(super) fn check(function: &GradFn, report: &mut Report) {
    let Some(check) = &function.check else { return };
    if is_out_of_reach(function, check, report) {
        return;
    }
    let name = &function.function.sig.ident;
    let named: Vec<&str> = function.parameters.iter().map(|parameter| parameter.shown.as_str()).collect();
    let mut meant = Vec::new();
    let exempt = check_exemptions(function, check, report);
    for (position, (argument, _)) in check.arguments.iter().enumerate() {
        let shown = argument.unraw().to_string();
        if exempt.contains(&argument) {
            continue;
        }
        if !named.contains(&shown.as_str()) {
            let similar = most_similar(&shown, named.iter().copied());
            meant.extend(similar);
            let advice = match (similar, &named[..]) {
                (Some(parameter), _) => format!("did you mean `{parameter}`?"),
                (None, [only]) => format!("expected `{only}`"),
                (None, named) => format!("expected one of `{}`", named.join("`, `")),
            };
            report.error(argument, format_args!("`{name}` has no parameter `{shown}`; {advice}"));
        } else if check.arguments[..position].iter().any(|(earlier, _)| earlier.unraw() == shown) {
            report.error(argument, format_args!("parameter `{shown}` of `{name}` is given twice; remove one"));
        }
    }
    let missing: Vec<&Parameter> = function
        .parameters
        .iter()
        .filter(|parameter| argument_of(check, parameter).is_none() && !meant.contains(&&*parameter.shown))
        .collect();
    if !missing.is_empty() {
        let (named, added): (Vec<_>, Vec<_>) =
            missing.iter().map(|parameter| (format!("`{}`", parameter.shown), suggestion(parameter))).unzip();
        report.error(
            &check.name,
            format_args!("the check of `{name}` gives nothing for {}; add `{}`", named.join(", "), added.join(", ")),
        );
    }
}

/// What stands among the arguments and is no parameter's: at most one exemption, with a reason.
fn check_exemptions<'a>(function: &GradFn, check: &'a Check, report: &mut Report) -> Vec<&'a Ident> {
    let given: Vec<_> = exemptions(function, check).collect();
    for (name, example, reason) in &given {
        if !matches!(reason, Expr::Lit(ExprLit { lit: Lit::Str(reason), .. }) if !reason.value().trim().is_empty()) {
            let message = format!("`{name}` needs a reason; write `{name} = \"{example}\"`");
            report.error(reason, message);
        }
    }
    if let [_, (second, ..), ..] = given[..] {
        report.error(second, format_args!("one exemption is enough: `not_linear` includes `not_a_derivative`"));
    }
    given.into_iter().map(|(name, ..)| name).collect()
}

/// A test has no `self`, and names every parameter.
fn is_out_of_reach(function: &GradFn, check: &Check, report: &mut Report) -> bool {
    const REMEDY: &str = "check it in a test with `check_gradients`";
    let signature = &function.function.sig;
    let name = &signature.ident;
    if signature.receiver().is_some() || mentions_self(signature) {
        report.error(&check.name, format_args!("`{name}` needs `Self`, which a generated test has not; {REMEDY}"));
        return true;
    }
    let list = function.parameters.iter().find(|parameter| is_list(&parameter.ty) && !is_constant(&parameter.ty));
    if let Some(Parameter { shown, .. }) = list {
        let message = format!("a generated test does not move the tensors of the list `{shown}`; {REMEDY}");
        report.error(&check.name, message);
        return true;
    }
    let nameless = function.parameters.iter().find(|parameter| parameter.pattern.is_some() || parameter.shown == "_");
    if let Some(Parameter { shown, .. }) = nameless {
        report.error(
            &check.name,
            format_args!("the check of `{name}` cannot name its parameter `{shown}`; give the parameter a name"),
        );
    }
    nameless.is_some()
}

fn mentions_self(signature: &syn::Signature) -> bool {
    struct Finder(bool);
    impl Visit<'_> for Finder {
        fn visit_ident(&mut self, name: &Ident) {
            self.0 |= name == "Self";
        }
    }
    let mut finder = Finder(false);
    finder.visit_signature(signature);
    finder.0
}

fn suggestion(parameter: &Parameter) -> String {
    match is_tensor(&parameter.ty) {
        Some(_) => format!("{} = [2, 3]", parameter.shown),
        None => format!("{} = …", parameter.shown),
    }
}
