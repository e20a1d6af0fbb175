//! The option `recompute`: the body runs again when a tape asks for the gradient, so nothing but what it is given is kept.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::Visit;
use syn::{Block, FnArg, GenericArgument, ItemFn, PatIdent, PathArguments, ReturnType, Type, parse_quote};

use crate::expand::block::{Exits, filled, if_watched, output};
use crate::model::GradFn;
use crate::model::capture::{Place, places_among};
use crate::model::options::Options;
use crate::names;
use crate::report::Report;
use crate::syntax::types::in_result;

/// How a body runs again.
pub(crate) struct Again {
    given: Vec<Given>,
    /// The function with these names.
    model: Box<GradFn>,
}

/// What the body is given: a parameter or a part of `self`.
struct Given {
    place: Place,
    /// Its name where the body runs again.
    name: Ident,
    is_mutable: bool,
}

/// A second model of the function, for its second run. Mistakes are reported by the first.
pub(crate) fn again(function: &ItemFn, options: &Options) -> Again {
    let bindings: Vec<PatIdent> = function.sig.inputs.iter().flat_map(bindings).collect();
    let names: Vec<Ident> = bindings.iter().map(|binding| binding.ident.clone()).collect();
    let mut function = function.clone();
    let (given, body) = places_among(function.block.to_token_stream(), &names);
    if let Ok(body) = syn::parse2(body) {
        function.block = body;
    }
    let options = Options { gradcore: options.gradcore.clone(), ..Options::default() };
    let model = GradFn::of(options, None, None, function, &mut Report::default());
    let is_mutable =
        |name: &Ident| bindings.iter().any(|binding| binding.ident == *name && binding.mutability.is_some());
    let given = given.into_iter().map(|(place, name)| Given { is_mutable: is_mutable(&name), place, name }).collect();
    Again { given, model: Box::new(model) }
}

/// The names that a parameter binds.
fn bindings(input: &FnArg) -> Vec<PatIdent> {
    struct Bindings(Vec<PatIdent>);
    impl Visit<'_> for Bindings {
        fn visit_pat_ident(&mut self, binding: &PatIdent) {
            self.0.push(binding.clone());
        }
    }
    let mut found = Bindings(Vec::new());
    if let FnArg::Typed(input) = input {
        found.visit_pat(&input.pat);
    }
    found.0
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
        .map(|Given { place, name, is_mutable }| {
            let (expression, text, at) = (place.expression(), place.text(), names::at(place.span()));
            let kept = names::kept(&place.as_name(), place.span());
            let keep = quote_spanned!(at=> let #kept = (&&&&#capture(&#expression)).keep_for_grad(&#call, !0, #text););
            let mutability = is_mutable.then(|| quote!(mut));
            (keep, quote_spanned!(at=> let #mutability #name = #kept.get();))
        })
        .unzip();
    let for_gradient = filled((*again.model.function.block).clone(), &again.model, Exits::Again);
    let returned = match &model.function.sig.output {
        ReturnType::Type(_, ty) if in_result(ty).is_some() => in_its_result(ty, &given),
        _ => given,
    };
    let (output, declared) = (output(model), &model.function.sig.output);
    let keeps = quote!(let #rerun = #call.rerun(); #(#kept)*);
    let again = quote! {
        move |#upstream, #sink| {
            let (#call, #replay) = #rerun.start();
            #(#seen)*
            #rerun.end((|| -> #returned #for_gradient)())
        }
    };
    let made = if_watched(&output, &keeps, &again);
    quote! {
        let #rule = #made;
        #[allow(unused_variables, unused_mut, unused_assignments)]
        let #value = (|| #declared #for_value)();
        #call.end::<#output, _>(#value, #rule)
    }
}

/// The type with the value in its `Result` replaced.
fn in_its_result(ty: &Type, value: &TokenStream) -> TokenStream {
    let mut ty = match ty {
        Type::Paren(inner) => return in_its_result(&inner.elem, value),
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
