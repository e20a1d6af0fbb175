//! The option `elementwise`: a function written for one element becomes one of tensors.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, FnArg, GenericParam, Generics, ItemFn, Pat, Type, parse_quote};

use super::rule::{Sort, gradients, statements, upstream};
use super::{generated_test, in_braces_of};
use crate::model::GradFn;
use crate::model::elementwise::{Elementwise, PLAIN, Role, scalar_is};
use crate::model::exit::{self, Hole};
use crate::model::rule::{Rule, stopped};
use crate::names;
use crate::syntax::mention::Mentioned;
use crate::syntax::types::{bounds, is_tensor, trait_name};
use crate::syntax::written::type_as_written;

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
///         mode.exit(x * k, |dy: f32, sink: Partials<f32, 1>| sink.next(|| dy * k).done())
///     }
///     elementwise(rule!("scale", line!(), "x"), [x], [k], (), scale_of_one_element::<Forward>,
///         scale_of_one_element::<Backward<f32>>, Once("…"), false)
/// }
/// ```
pub(crate) fn expand(mut model: GradFn) -> TokenStream {
    let Some(elementwise) = model.elementwise.take() else { return TokenStream::new() };
    let mut body = model.function.block.clone();
    Filler { model: &model, elementwise: &elementwise }.visit_block_mut(&mut body);
    let call = call(&model, &elementwise, calls(&body.to_token_stream()));
    let inner = inner(&model, &elementwise, &body);
    let signature = outer_signature(&model, &elementwise);
    let block = in_braces_of(&model.function.block, quote!(#inner #call));
    // A generated test sees the function as its callers do.
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.ty),
        FnArg::Receiver(_) => None,
    });
    model.parameters.iter_mut().zip(typed).for_each(|(parameter, ty)| parameter.ty = ty.clone());
    let test = generated_test::test(&model);
    let (attrs, vis) = (&model.function.attrs, &model.function.vis);
    let track_caller = (!model.tracks_caller).then(|| quote!(#[track_caller]));
    quote! {
        #(#attrs)*
        #track_caller
        #[allow(clippy::inline_always, clippy::needless_pass_by_value, clippy::used_underscore_binding)]
        #vis #signature #block
        #test
    }
}

/// The name of the function of one element. Items have no hygiene, so it is one that nobody gives.
fn inner_name(model: &GradFn) -> Ident {
    let name = model.function.sig.ident.to_string();
    format_ident!("{}_of_one_element", name.trim_start_matches("r#"))
}

/// The name of the type parameter that stands for what the function of one element runs for.
fn mode_type(generics: &Generics) -> Ident {
    let mut name = String::from("M");
    while generics.params.iter().any(|parameter| parameter.to_token_stream().to_string().starts_with(&name)) {
        name.push_str("ode");
    }
    format_ident!("{name}")
}

/// The signature that callers see: tensors for the inputs and the result.
fn outer_signature(model: &GradFn, elementwise: &Elementwise) -> syn::Signature {
    let mut signature = model.function.sig.clone();
    let tensor_of = |place: proc_macro2::Span| {
        let (tensor, scalar) = (model.contract.item("Tensor", place), &elementwise.scalar);
        quote_spanned!(place=> #tensor<#scalar>)
    };
    let inputs = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    for ((number, input), role) in inputs.enumerate().zip(&elementwise.roles) {
        let name = outer_name(model, number);
        *input.pat = parse_quote!(#name);
        if *role == Role::Input && is_tensor(&input.ty).is_none() {
            let tensor = tensor_of(names::at(input.ty.span()));
            *input.ty = parse_quote!(&#tensor);
        }
    }
    if is_tensor(&elementwise.scalar).is_none() {
        let tensor = tensor_of(names::at(elementwise.scalar.span()));
        signature.output = parse_quote!(-> #tensor);
    }
    signature
}

/// A function with mistakes, as its callers would see it without.
pub(crate) fn as_called(model: &GradFn, mut function: ItemFn) -> ItemFn {
    if let (Some(elementwise), None) = (&model.elementwise, function.sig.receiver()) {
        function.sig = outer_signature(model, elementwise);
    }
    function
}

/// A parameter as the function of tensors calls it.
fn outer_name(model: &GradFn, number: usize) -> Ident {
    model.parameters[number].name.clone()
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
        .map(|(number, ((pattern, ty), found))| (pattern, outer_name(model, number), ty, *found))
}

/// The body as a function of one element, generic over what it runs for.
fn inner(model: &GradFn, elementwise: &Elementwise, body: &syn::Block) -> TokenStream {
    let (name, scalar, mode) = (inner_name(model), &elementwise.scalar, names::mode());
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
    for (pattern, outer, ty, role) in parameters_of(model, elementwise, is_other) {
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

fn is_other(role: Role) -> bool {
    matches!(role, Role::Value | Role::Reference)
}

/// Nested pairs, the last of them `()`.
fn nested(all: Vec<TokenStream>) -> TokenStream {
    all.into_iter().rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}

/// The call of the driver.
fn call(model: &GradFn, elementwise: &Elementwise, calls: bool) -> TokenStream {
    let stops = Literal::u64_unsuffixed(stopped(&model.rules));
    let contract = &model.contract;
    // What is wrong with a constant's type is shown at the function's name.
    let place = names::at(model.function.sig.ident.span());
    let (driver, rule) = (contract.item("elementwise", place), contract.get("rule"));
    let (forward, backward) = (contract.get("Forward"), contract.get("Backward"));
    let (function, scalar, sig) = (inner_name(model), &elementwise.scalar, &model.function.sig);
    let name = sig.ident.to_string();
    let name = name.trim_start_matches("r#");
    let line = quote_spanned!(sig.ident.span()=> ::core::line!());
    let shown = elementwise.inputs(&model.parameters);
    let named = |role: Role| -> Vec<Ident> {
        parameters_of(model, elementwise, move |found| found == role).map(|(_, name, ..)| name).collect()
    };
    let (inputs, scalars) = (named(Role::Input), named(Role::Scalar));
    let constants = parameters_of(model, elementwise, is_other).map(|(_, name, _, role)| match role {
        Role::Reference => name.to_token_stream(),
        _ => quote!(&#name),
    });
    let constants = nested(constants.collect());
    let at = |scalar: &TokenStream, mode: TokenStream| {
        let arguments = arguments(&sig.generics, &elementwise.scalar, scalar);
        quote!(#function::<#(#arguments,)* #mode>)
    };
    let own = scalar.to_token_stream();
    let (for_value, for_gradients) = (at(&own, quote!(#forward)), at(&own, quote!(#backward<#own>)));
    let second = match why_once(model, elementwise) {
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
        #driver(#rule!(#name, #line, #(#shown),*), [#(#inputs),*], [#(#scalars),*], #constants, #for_value, #for_gradients, #second, #calls, #stops)
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

/// Why a function has no second derivative, if it has none.
fn why_once(model: &GradFn, elementwise: &Elementwise) -> Option<String> {
    let scalar = elementwise.scalar.to_token_stream().to_string();
    if !elementwise.is_generic {
        return Some(format!(
            "its gradient is computed on `{scalar}`, which no tape sees; make the function generic over `T: Real`"
        ));
    }
    let mentions_scalar = |ty: &Type| Mentioned::among(ty).contains(&scalar);
    let made_of_scalar = parameters_of(model, elementwise, is_other).find(|(_, _, ty, _)| mentions_scalar(ty));
    if let Some((_, name, ty, _)) = made_of_scalar {
        let ty = type_as_written(ty);
        return Some(format!(
            "its constant `{name}` is of type `{ty}`, which is fixed; make it one of `f64`, and convert by `{scalar}::of`"
        ));
    }
    let mut bounds = bounds(&model.function.sig.generics, &scalar);
    let other =
        bounds.find(|bound| trait_name(bound).is_some_and(|name| name != "Real" && !PLAIN.contains(&name.as_str())));
    other.map(|other| {
        let other = type_as_written(other);
        format!("`{scalar}` has the bound `{other}`, which a number with its derivative may not meet; write `{scalar}: Real` alone")
    })
}

/// Whether a body mentions a function that processors have no instruction for: the loop is then compiled otherwise. What
/// is not seen, because it stands in another function, costs time alone.
fn calls(body: &TokenStream) -> bool {
    const CALLED: [&str; 30] = [
        "exp",
        "exp2",
        "exp_m1",
        "ln",
        "ln_1p",
        "log",
        "log2",
        "log10",
        "powf",
        "sin",
        "cos",
        "sin_cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "cbrt",
        "hypot",
        "rem_euclid",
        "div_euclid",
        "gamma",
        "ln_gamma",
        "erf",
    ];
    let mentioned = Mentioned::among(body);
    CALLED.iter().any(|name| mentioned.contains(name))
}

/// Puts exits and rules back into the body.
struct Filler<'a> {
    model: &'a GradFn,
    elementwise: &'a Elementwise,
}

impl VisitMut for Filler<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match Hole::of(expression) {
            Some(Hole::Exit(number)) => *expression = Expr::Verbatim(self.exit(number)),
            Some(Hole::Rule(number)) => *expression = Expr::Verbatim(self.rule(number)),
            None => visit_mut::visit_expr_mut(self, expression),
        }
    }
}

impl Filler<'_> {
    fn exit(&mut self, number: usize) -> TokenStream {
        let exit = &self.model.exits[number];
        let (mode, mut value) = (names::mode(), exit.value.clone());
        self.visit_expr_mut(&mut value);
        let rule = match &exit.rule {
            exit::Rule::Named(name) => name.to_token_stream(),
            exit::Rule::Found(rule) => self.rule(*rule),
            exit::Rule::InPlace(closure) => closure.to_token_stream(),
        };
        quote_spanned!(names::at(value.span())=> #mode.exit(#value, #rule))
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
