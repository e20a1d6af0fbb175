//! The option `recompute`: the body runs again when a tape asks for the gradient, so nothing but what it is given is kept.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Block, FnArg, GenericArgument, ItemFn, Pat, PathArguments, ReturnType, Type, parse_quote};

use crate::capture::{Place, places_among};
use crate::fill::{Exits, filled, output};
use crate::model::{GradFn, in_result};
use crate::names;
use crate::options::Options;
use crate::report::Report;

/// How a body runs again.
pub(crate) struct Again {
    /// What the body is given: parameters and parts of `self`, and the name of each where it runs again.
    given: Vec<(Place, Ident)>,
    /// The function with these names.
    model: Box<GradFn>,
}

/// A second model of the function, for its second run. Mistakes are reported by the first.
pub(crate) fn again(function: &ItemFn, options: &Options) -> Again {
    let names: Vec<Ident> = function.sig.inputs.iter().flat_map(bound_names).collect();
    let mut function = function.clone();
    let (given, body) = places_among(function.block.to_token_stream(), &names);
    if let Ok(body) = syn::parse2(body) {
        function.block = body;
    }
    let options = Options { gradcore: options.gradcore.clone(), ..Options::default() };
    let model = GradFn::of(options, None, None, function, &mut Report::default());
    Again { given, model: Box::new(model) }
}

fn bound_names(input: &FnArg) -> Vec<Ident> {
    fn names(pattern: &Pat, found: &mut Vec<Ident>) {
        match pattern {
            Pat::Ident(binding) => found.push(binding.ident.clone()),
            Pat::Reference(inner) => names(&inner.pat, found),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|part| names(part, found)),
            Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|part| names(part, found)),
            Pat::Struct(fields) => fields.fields.iter().for_each(|field| names(&field.pat, found)),
            Pat::Slice(slice) => slice.elems.iter().for_each(|part| names(part, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let FnArg::Typed(input) = input {
        names(&input.pat, &mut found);
    }
    found
}

/// Keeps what the body is given, then runs it once for its value.
pub(crate) fn body(model: &GradFn, again: &Again, for_value: &Block) -> TokenStream {
    let contract = &model.contract;
    let (call, rerun, replay) = (names::call(), names::rerun(), names::replay());
    let place = proc_macro2::Span::mixed_site();
    let (upstream, sink, rule, value) = (names::upstream(place), names::sink(place), names::rule(), names::value());
    let (capture, given) = (contract.get("Capture"), contract.get("Given"));
    let (kept, seen): (Vec<_>, Vec<_>) = again
        .given
        .iter()
        .map(|(place, name)| {
            let (expression, text, at) = (place.expression(), place.text(), names::at(place.span()));
            let kept = names::kept(&place.as_name(), place.span());
            let keep = quote_spanned!(at=> let #kept = (&&&#capture(&#expression)).keep_for_grad(&#call, !0, #text););
            (keep, quote_spanned!(at=> let #name = #kept.get();))
        })
        .unzip();
    let for_gradient = filled((*again.model.function.block).clone(), &again.model, Exits::Again);
    let returned = match &model.function.sig.output {
        ReturnType::Type(_, ty) if in_result(ty).is_some() => in_its_result(ty, &given),
        _ => given,
    };
    let (output, declared) = (output(model), &model.function.sig.output);
    quote! {
        let #rerun = #call.rerun();
        let #rule = {
            #(#kept)*
            #call.backward::<#output, _>(move |#upstream, #sink| {
                let (#call, #replay) = #rerun.start();
                #(#seen)*
                #rerun.end((|| -> #returned #for_gradient)())
            })
        };
        #[allow(unused_variables, unused_mut, unused_assignments)]
        let #value = (|| #declared #for_value)();
        #call.end::<#output, _, _>(#value, #rule)
    }
}

/// The type with the value in its `Result` replaced.
fn in_its_result(ty: &Type, value: &TokenStream) -> TokenStream {
    let mut ty = match ty {
        Type::Paren(inner) => return in_its_result(&inner.elem, value),
        Type::Group(inner) => return in_its_result(&inner.elem, value),
        other => other.clone(),
    };
    if let Type::Path(path) = &mut ty
        && let Some(last) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(arguments) = &mut last.arguments
        && let Some(first @ GenericArgument::Type(_)) = arguments.args.first_mut()
    {
        *first = parse_quote!(#value);
    }
    ty.to_token_stream()
}
