//! What `grad` may do with its captures, and what these may be.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Generics, Token, Type, TypeParamBound};

use crate::model::GradFn;
use crate::model::parameter::Parameter;
use crate::model::rule::Rule;
use crate::report::Report;
use crate::syntax::groups::peeled_type;
use crate::syntax::types::{bounds, is_tensor, trait_name};
use crate::syntax::written::type_as_written;

/// What `grad` captures is kept for each of its runs, and each sees it as it was.
pub(super) fn captures_stay_unchanged(rule: &Rule, report: &mut Report) {
    for (place, what) in &rule.changed {
        report.error(
            what,
            format_args!("`grad` cannot change `{place}`: it runs later, on what `{place}` was when the function ran; copy it first, as in `let mut {place} = {place}.clone();`, or count in a `Cell` behind an `Rc`"),
        );
    }
}

/// Types that cannot be kept, where the syntax shows it and rustc would say it at length.
pub(super) fn captures_can_be_kept(function: &GradFn, rule: &Rule, report: &mut Report) {
    for captured in &rule.captures {
        let place = captured.place.text();
        let of_place = |parameter: &&Parameter| captured.is_parameter && parameter.name == place;
        let Some(parameter) = function.parameters.iter().find(of_place) else { continue };
        if let Type::Reference(reference) = &parameter.ty
            && reference.mutability.is_some()
            && is_tensor(&reference.elem).is_none()
        {
            report.error(
                captured.place.expression(),
                format_args!("`grad` cannot capture the mutable reference `{place}`: it runs later, when the borrow is over; bind what it reads by `let` before it, as in `let {place} = {place}.clone();`"),
            );
            continue;
        }
        let bounds = bounds_that_lack_static(&function.function.sig.generics, &parameter.ty);
        if let Some(bounds) = bounds {
            let cloned = if bounds.contains("Clone") || bounds.contains("Copy") { "" } else { "Clone + " };
            report.error(
                captured.place.expression(),
                format_args!("`grad` captures `{place}` and runs later, so the type of `{place}` must borrow nothing; add `{cloned}'static` to its bounds `{bounds}`"),
            );
        }
    }
}

/// The bounds of a generic parameter or of an `impl` type, if none of them can imply `'static`.
fn bounds_that_lack_static(generics: &Generics, ty: &Type) -> Option<String> {
    const WITHOUT_STATIC: [&str; 13] = [
        "Into",
        "From",
        "Copy",
        "Clone",
        "Fn",
        "FnMut",
        "FnOnce",
        "AsRef",
        "Debug",
        "Display",
        "Default",
        "PartialOrd",
        "Send",
    ];
    let implies_nothing = |bound| trait_name(bound).is_some_and(|name| WITHOUT_STATIC.contains(&name.as_str()));
    // What a reference refers to is kept.
    let ty = match ty {
        Type::Reference(reference) => peeled_type(&reference.elem),
        ty => ty,
    };
    let found: Punctuated<TypeParamBound, Token![+]> = match ty {
        Type::ImplTrait(ty) => ty.bounds.clone(),
        ty => {
            let name = ty.to_token_stream().to_string();
            generics.type_params().find(|parameter| parameter.ident == name)?;
            bounds(generics, &name).cloned().collect()
        }
    };
    found.iter().all(implies_nothing).then(|| type_as_written(&found).replace(" (", "("))
}
