//! What a type is, as far as its syntax tells.

use quote::ToTokens;
use syn::{GenericArgument, Generics, PathArguments, Type, TypeParamBound, WherePredicate};

/// The `T` of a `Result<T, …>`.
pub(crate) fn in_result(ty: &Type) -> Option<Type> {
    let path = match ty {
        Type::Path(path) => path,
        Type::Paren(inner) => return in_result(&inner.elem),
        _ => return None,
    };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// The `T` of a `Result<T, …>`, or the type itself.
pub(crate) fn in_result_mut(ty: &mut Type) -> &mut Type {
    if in_result(ty).is_none() {
        return ty;
    }
    match ty {
        Type::Paren(inner) => in_result_mut(&mut inner.elem),
        Type::Path(path) => match path.path.segments.last_mut().map(|last| &mut last.arguments) {
            Some(PathArguments::AngleBracketed(arguments)) => match arguments.args.first_mut() {
                Some(GenericArgument::Type(value)) => value,
                _ => unreachable!("a `Result` has a value"),
            },
            _ => unreachable!("a `Result` has arguments"),
        },
        other => other,
    }
}

/// The dtype of a type that is written as a tensor or variable, or a reference to one; `f32` if none is written.
pub(crate) fn is_tensor(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => is_tensor(&reference.elem),
        Type::Paren(inner) => is_tensor(&inner.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident != "Tensor" && last.ident != "Variable" {
                return None;
            }
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) => Some(arguments.args.to_token_stream().to_string()),
                _ => Some("f32".to_owned()),
            }
        }
        _ => None,
    }
}

/// Whether a type is written as a list or a tuple.
pub(crate) fn is_list(ty: &Type) -> bool {
    match ty {
        Type::Slice(_) | Type::Array(_) | Type::Tuple(_) => true,
        Type::Reference(reference) => is_list(&reference.elem),
        Type::Paren(inner) => is_list(&inner.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Vec"),
        _ => false,
    }
}

/// Whether a type is written as one that no gradient flows to: a number, a string.
pub(crate) fn is_constant(ty: &Type) -> bool {
    const CONSTANTS: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "str",
        "String",
    ];
    match ty {
        Type::Reference(reference) => is_constant(&reference.elem),
        Type::Paren(inner) => is_constant(&inner.elem),
        Type::Slice(list) => is_constant(&list.elem),
        Type::Array(list) => is_constant(&list.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_constant),
        other => CONSTANTS.contains(&other.to_token_stream().to_string().as_str()),
    }
}

/// The bounds on a type parameter, in its place and in `where` clauses.
pub(crate) fn bounds<'g>(generics: &'g Generics, name: &'g str) -> impl Iterator<Item = &'g TypeParamBound> {
    let inline = generics.type_params().filter(move |parameter| parameter.ident == name).map(|found| &found.bounds);
    let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let clauses = predicates.filter_map(move |predicate| match predicate {
        WherePredicate::Type(bound) if bound.bounded_ty.to_token_stream().to_string() == name => Some(&bound.bounds),
        _ => None,
    });
    inline.chain(clauses).flatten()
}

/// The trait that a bound names, without what leads to it; nothing for a lifetime.
pub(crate) fn trait_name(bound: &TypeParamBound) -> Option<String> {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// Whether one of the bounds names one of these traits.
pub(crate) fn are_bounded<'g>(mut bounds: impl Iterator<Item = &'g TypeParamBound>, traits: &[&str]) -> bool {
    bounds.any(|bound| trait_name(bound).is_some_and(|name| traits.contains(&name.as_str())))
}

#[cfg(test)]
mod tests {
    use syn::{Generics, ItemFn, parse_quote};

    use super::{are_bounded, bounds};

    fn is_real(generics: &Generics) -> bool {
        are_bounded(bounds(generics, "T"), &["Real"])
    }

    #[test]
    fn a_bound_is_known_by_its_whole_name() {
        let of = |function: ItemFn| function.sig.generics;
        assert!(is_real(&of(parse_quote!(
            fn f<T: Clone + gradcore::Real>() {}
        ))));
        assert!(is_real(&of(parse_quote!(
            fn f<T>()
            where
                T: 'static + Real,
            {
            }
        ))));
        assert!(!is_real(&of(parse_quote!(
            fn f<T: Unreal>() {}
        ))));
        assert!(!is_real(&of(parse_quote!(
            fn f<T: From<Real>>() {}
        ))));
        assert!(!is_real(&of(parse_quote!(
            fn f<T, U: Real>()
            where
                Vec<T>: Real,
            {
            }
        ))));
    }
}
