//! The option `elementwise`: a function written for one element becomes one of tensors.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, Generics, Pat, Type, parse_quote};

use super::rule::{Sort, gradients, statements, upstream};
use super::tokens::{in_braces_of, nested};
use crate::model::GradFn;
use crate::model::elementwise::{Elementwise, Role, scalar_is};
use crate::model::exit;
use crate::model::hole::{Hole, fill_block, fill_expr};
use crate::model::rule::Rule;
use crate::names;

/// The function of tensors, with the body inside as one of a single element.
///
/// Input:
///
/// ```text
/// fn scale(x: f32, #[nondiff] k: f32) -> f32 {
///     (x * k, |dy| dy * k)
/// }
/// ```
///
/// Output, with paths shortened:
///
/// ```text
/// #[track_caller]
/// fn scale(x: &Tensor<f32>, k: f32) -> Tensor<f32> {
///     #[inline(always)]
///     fn scale_of_one_element<M: Mode<f32, 1>>(mode: M, [x]: [f32; 1], [k]: [f32; 1], (): ()) -> M::Out {
///         mode.exit(mode.reads(), x * k, |dy: f32, sink: Partials<f32, 1>| sink.next(|| dy * k).done())
///     }
///     elementwise(rule!("scale", line!(), "x"), [x], [k], (), scale_of_one_element::<ForValue>,
///         scale_of_one_element::<ForGradients<f32>>, Once("…"), false)
/// }
/// ```
pub(super) fn of_tensors(model: &GradFn, elementwise: &Elementwise) -> TokenStream {
    let filler = Filler { model, elementwise };
    let mut body = (*model.function.block).clone();
    fill_block(&mut body, |hole| filler.put(hole));
    let (inner, call) = (inner(model, elementwise, &body), call(model, elementwise));
    let (attrs, vis, signature) = (&model.function.attrs, &model.function.vis, &elementwise.signature);
    let block = in_braces_of(&model.function.block, quote!(#inner #call));
    let track_caller = (!model.tracks_caller).then(|| quote!(#[track_caller]));
    quote! {
        #(#attrs)*
        #track_caller
        #[allow(clippy::inline_always, clippy::needless_pass_by_value, clippy::used_underscore_binding)]
        #vis #signature #block
    }
}

/// The name of the type parameter that stands for what the function of one element runs for.
fn mode_type(generics: &Generics) -> Ident {
    let mut name = String::from("M");
    while generics.params.iter().any(|parameter| parameter.to_token_stream().to_string().starts_with(&name)) {
        name.push_str("ode");
    }
    format_ident!("{name}")
}

/// The parameters of a role: the pattern, the name outside, and the type of each.
fn parameters_of<'a>(
    model: &'a GradFn,
    elementwise: &'a Elementwise,
    role: impl Fn(Role) -> bool + 'a,
) -> impl Iterator<Item = (&'a Pat, Ident, &'a Type, Role)> {
    let patterns = model.function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some((&*input.pat, &*input.ty)),
        FnArg::Receiver(_) => None,
    });
    patterns
        .zip(&elementwise.roles)
        .enumerate()
        .filter(move |(_, (_, found))| role(**found))
        .map(|(number, ((pattern, ty), found))| (pattern, model.parameters[number].name.clone(), ty, *found))
}

/// The body as a function of one element, generic over what it runs for.
fn inner(model: &GradFn, elementwise: &Elementwise, body: &syn::Block) -> TokenStream {
    let (name, scalar, mode) = (names::of_one_element(&model.function.sig.ident), &elementwise.scalar, names::mode());
    let mode_type = mode_type(&model.function.sig.generics);
    let mode_trait = model.contract.get("Mode");
    let patterns = |role: Role| -> (Vec<&Pat>, Literal) {
        let patterns: Vec<&Pat> =
            parameters_of(model, elementwise, move |found| found == role).map(|(pattern, ..)| pattern).collect();
        let count = Literal::usize_unsuffixed(patterns.len());
        (patterns, count)
    };
    let ((inputs, inputs_count), (scalars, scalars_count)) = (patterns(Role::Input), patterns(Role::Scalar));

    let (mut constants, mut types, mut clones) = (Vec::new(), Vec::new(), Vec::new());
    for (pattern, outer, ty, role) in parameters_of(model, elementwise, Role::is_other) {
        match role {
            Role::Reference => {
                constants.push(pattern.to_token_stream());
                types.push(ty.to_token_stream());
            }
            _ => {
                constants.push(outer.to_token_stream());
                types.push(quote!(&#ty));
                clones.push(quote!(let #pattern: #ty = ::core::clone::Clone::clone(#outer);));
            }
        }
    }
    let (constants, types) = (nested(constants), nested(types));

    let mut generics = model.function.sig.generics.clone();
    generics.params.push(parse_quote!(#mode_type: #mode_trait<#scalar, #inputs_count>));
    let (parameters, where_clause) = (&generics.params, &generics.where_clause);
    let lints = model.parameters.iter().flat_map(|parameter| &parameter.lints);
    let statements = &body.stmts;
    quote! {
        #(#lints)*
        #[inline(always)]
        fn #name<#parameters>(
            #mode: #mode_type,
            [#(#inputs),*]: [#scalar; #inputs_count],
            [#(#scalars),*]: [#scalar; #scalars_count],
            #constants: #types,
        ) -> #mode_type::Out #where_clause {
            #(#clones)*
            #(#statements)*
        }
    }
}

/// The call of the driver.
fn call(model: &GradFn, elementwise: &Elementwise) -> TokenStream {
    let (calls, stops) = (elementwise.calls, Literal::u64_unsuffixed(model.stops));
    let contract = &model.contract;
    // What is wrong with a constant's type is shown at the function's name.
    let place = names::at(model.function.sig.ident.span());
    let (driver, rule) = (contract.item("elementwise", place), contract.get("rule"));
    let (forward, backward) = (contract.get("ForValue"), contract.get("ForGradients"));
    let (function, scalar, sig) =
        (names::of_one_element(&model.function.sig.ident), &elementwise.scalar, &model.function.sig);
    let name = sig.ident.unraw().to_string();
    let line = quote_spanned!(sig.ident.span()=> ::core::line!());
    let shown = elementwise.inputs(&model.parameters);
    let named = |role: Role| -> Vec<Ident> {
        parameters_of(model, elementwise, move |found| found == role).map(|(_, name, ..)| name).collect()
    };
    let (inputs, scalars) = (named(Role::Input), named(Role::Scalar));
    let constants = parameters_of(model, elementwise, Role::is_other).map(|(_, name, _, role)| match role {
        Role::Reference => name.to_token_stream(),
        _ => quote!(&#name),
    });
    let constants = nested(constants);
    let known = model.has_effect().then(|| quote!(; .with_effect()));
    let at = |scalar: &TokenStream, mode: TokenStream| {
        let arguments = arguments(&sig.generics, &elementwise.scalar, scalar);
        quote!(#function::<#(#arguments,)* #mode>)
    };
    let own = scalar.to_token_stream();
    let (for_value, for_gradients) = (at(&own, quote!(#forward)), at(&own, quote!(#backward<#own>)));
    let second = match &elementwise.once {
        Some(reason) => {
            let once = contract.item("Once", place);
            quote_spanned!(place=> #once(#reason))
        }
        None => {
            let (twice, dual) = (contract.item("Twice", place), contract.get("Dual"));
            let dual = quote!(#dual<#own>);
            let derived = at(&dual, quote!(#backward<#dual>));
            quote_spanned!(place=> #twice(#derived))
        }
    };
    quote_spanned! {place=>
        #driver(#rule!(#name, #line, #(#shown),* #known), [#(#inputs),*], [#(#scalars),*], #constants, #for_value, #for_gradients, #second, #calls, #stops)
    }
}

/// The type and constant parameters as arguments, with `instead` for the type of the elements.
fn arguments(generics: &Generics, scalar: &Type, instead: &TokenStream) -> Vec<TokenStream> {
    let argument = |parameter: &GenericParam| match parameter {
        GenericParam::Type(parameter) if scalar_is(scalar, &parameter.ident) => Some(instead.clone()),
        GenericParam::Type(parameter) => Some(parameter.ident.to_token_stream()),
        GenericParam::Const(parameter) => {
            let name = &parameter.ident;
            Some(quote!({ #name }))
        }
        GenericParam::Lifetime(_) => None,
    };
    generics.params.iter().filter_map(argument).collect()
}

/// Puts exits and rules back into the body.
struct Filler<'a> {
    model: &'a GradFn,
    elementwise: &'a Elementwise,
}

impl Filler<'_> {
    fn put(&self, hole: Hole) -> TokenStream {
        match hole {
            Hole::Exit(number) => self.exit(number),
            Hole::Rule(number) => self.rule(number),
        }
    }

    fn exit(&self, number: usize) -> TokenStream {
        let exit = &self.model.exits[number];
        let (mode, mut value) = (names::mode(), exit.value.clone());
        fill_expr(&mut value, |hole| self.put(hole));
        let rule = match &exit.rule {
            exit::Rule::Named(name) => name.to_token_stream(),
            exit::Rule::Found(rule) => self.rule(*rule),
            exit::Rule::InPlace(closure) => closure.to_token_stream(),
        };
        quote_spanned!(names::at(value.span())=> #mode.exit(#mode.reads(), #value, #rule))
    }

    fn rule(&self, number: usize) -> TokenStream {
        let (rule, scalar): (&Rule, _) = (&self.model.rules[number], &self.elementwise.scalar);
        let count = Literal::usize_unsuffixed(self.elementwise.inputs(&self.model.parameters).len());
        let partials = self.model.contract.get("Partials");
        let sink = names::sink(rule.gradients.first().map_or_else(proc_macro2::Span::mixed_site, Spanned::span));
        let (upstream, binding) = upstream(rule);
        let statements = statements(rule, &self.model.contract, &sink);
        let gradients = gradients(rule, &self.model.contract, &sink, Sort::Numbers);
        quote!(|#upstream: #scalar, #sink: #partials<#scalar, #count>| { #binding #statements #gradients })
    }
}
