//! A function with mistakes keeps its signature, so that its callers make no further messages.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn, ReturnType, Type, parse_quote};

use crate::model::GradFn;
use crate::model::arrays::Arrays;
use crate::names;

/// A function of which nothing else is known, and its mistakes.
pub(crate) fn refused(function: ItemFn, mistakes: &TokenStream) -> TokenStream {
    without_body(function, &[], mistakes)
}

/// A function as its callers would see it without its mistakes, and these.
pub(crate) fn refused_model(model: GradFn, mistakes: &TokenStream) -> TokenStream {
    let sig = model.signature().clone();
    // rustc shall see the types used that the user wrote.
    let written: Vec<&Type> = model.form.arrays().into_iter().flat_map(Arrays::written).collect();
    without_body(ItemFn { sig, ..model.function.clone() }, &written, mistakes)
}

fn without_body(function: ItemFn, written: &[&Type], mistakes: &TokenStream) -> TokenStream {
    let ItemFn { mut attrs, vis, mut sig, .. } = function;
    attrs.retain(|attribute| !attribute.path().is_ident(names::ALLOW_CONSTANT_GRADIENT));
    for input in &mut sig.inputs {
        let attributes = match input {
            FnArg::Typed(input) => &mut input.attrs,
            FnArg::Receiver(receiver) => &mut receiver.attrs,
        };
        attributes.retain(|attribute| !attribute.path().is_ident(names::NONDIFF));
    }
    sig.asyncness = None;
    sig.variadic = None;
    if let ReturnType::Type(_, ty) = &mut sig.output
        && matches!(**ty, Type::ImplTrait(_))
    {
        // No type is known; this one becomes whatever a caller expects.
        *ty = parse_quote!(!);
    }
    quote! {
        #mistakes
        #(#attrs)*
        #[allow(unused_variables, unused_mut)]
        #vis #sig {
            #(let _: ::core::option::Option<#written>;)*
            ::core::unreachable!()
        }
    }
}
