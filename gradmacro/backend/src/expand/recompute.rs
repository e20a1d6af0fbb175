//! The option `recompute`: what runs the body again.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{ReturnType, parse_quote};

use super::block::{Exits, filled, if_watched, output};
use super::function::entered_by;
use crate::model::recompute::Given;
use crate::model::{Again, GradFn};
use crate::names;
use crate::syntax::types::{in_result, in_result_mut};

/// Keeps what the body is given, then runs it once for its value.
pub(super) fn twice(model: &GradFn, again: &Again) -> TokenStream {
    let contract = &model.contract;
    let (call, rerun, replay) = (names::call(), names::rerun(), names::replay());
    let place = proc_macro2::Span::mixed_site();
    let (upstream, sink, rule, value) = (names::upstream(place), names::sink(place), names::rule(), names::value());
    let (capture, given) = (contract.get("Capture"), contract.get("Given"));
    let (residual, seen): (Vec<_>, Vec<_>) = again
        .given
        .iter()
        .map(|Given { place, name, is_mutable }| {
            let (expression, text, at) = (place.expression(), place.text(), names::at(place.span()));
            let residual = names::residual(&place.as_name(), place.span());
            let keep_for_grad = names::method::keep_for_grad(at);
            let keep =
                quote_spanned!(at=> let #residual = (&&&&#capture(&#expression)).#keep_for_grad(&#call, !0, #text););
            let mutability = is_mutable.then(|| quote!(mut));
            (keep, quote_spanned!(at=> let #mutability #name = #residual.get();))
        })
        .unzip();
    let (for_value, for_gradient) = (filled(model, Exits::Value), filled(&again.model, Exits::Again));
    let returned = match &model.function.sig.output {
        ReturnType::Type(_, ty) if in_result(ty).is_some() => {
            let mut ty = ty.clone();
            *in_result_mut(&mut ty) = parse_quote!(#given);
            ty.into_token_stream()
        }
        _ => given,
    };
    let (output, declared) = (output(model), &model.function.sig.output);
    let keeps = quote!(let #rerun = #call.rerun(); #(#residual)*);
    let again = quote! {
        move |#upstream, #sink| {
            let (#call, #replay) = #rerun.start();
            #(#seen)*
            #rerun.end((|| -> #returned #for_gradient)())
        }
    };
    let made = if_watched(&output, &keeps, &again);
    let body = quote! {
        let #rule = #made;
        #[allow(unused_variables, unused_mut, unused_assignments)]
        let #value = (|| #declared #for_value)();
        #call.end::<#output, _>(#value, #rule)
    };
    entered_by(model, Some(quote!(#[track_caller])), &body)
}
