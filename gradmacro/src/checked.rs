//! The option `check(…)`: a test of the rule against differences, after the function.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprLit, GenericParam, Lifetime, Lit, Type, parse_quote};

use crate::check::bounds;
use crate::model::options::{Check, most_similar};
use crate::model::{GradFn, Parameter, ParameterKind};
use crate::names;
use crate::report::Report;
use crate::syntax::types::is_constant;
use crate::syntax::types::{is_list, is_tensor};
use crate::syntax::values::is_none;

/// The dtypes with which a generic function is checked.
const DTYPES: [&str; 2] = ["f64", "f32"];

/// What a gradient need not be, with an example of a reason: methods of `CheckOptions`. A parameter of such a name comes
/// first.
const EXEMPTIONS: [(&str, &str); 2] =
    [("not_a_derivative", "straight-through estimator"), ("not_linear", "clipped gradient")];

/// Each parameter is given once, and the function can be called by a test.
pub(crate) fn check(function: &GradFn, report: &mut Report) {
    let Some(check) = &function.check else { return };
    if is_out_of_reach(function, check, report) {
        return;
    }
    let name = &function.function.sig.ident;
    let named: Vec<&str> = parameters(function).map(|parameter| parameter.shown.as_str()).collect();
    let mut meant = Vec::new();
    let exempt = check_exemptions(function, check, report);
    for (position, (argument, _)) in check.arguments.iter().enumerate() {
        let shown = unraw(argument);
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
        } else if check.arguments[..position].iter().any(|(earlier, _)| unraw(earlier) == shown) {
            report.error(argument, format_args!("parameter `{shown}` of `{name}` is given twice; remove one"));
        }
    }
    let missing: Vec<&Parameter> = parameters(function)
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

/// The exemptions that are given: name, an example of a reason, reason.
fn exemptions<'a>(function: &GradFn, check: &'a Check) -> impl Iterator<Item = (&'a Ident, &'static str, &'a Expr)> {
    let is_parameter = |name: &Ident| parameters(function).any(|parameter| parameter.shown == unraw(name));
    let given = check.arguments.iter().filter(move |(name, _)| !is_parameter(name));
    given.filter_map(|(name, reason)| {
        let (_, example) = EXEMPTIONS.iter().find(|(exemption, _)| name == exemption)?;
        Some((name, *example, reason))
    })
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
    let list = parameters(function).find(|parameter| is_list(&parameter.ty) && !is_constant(&parameter.ty));
    if let Some(Parameter { shown, .. }) = list {
        let message = format!("a generated test does not move the tensors of the list `{shown}`; {REMEDY}");
        report.error(&check.name, message);
        return true;
    }
    let nameless = parameters(function).find(|parameter| parameter.pattern.is_some() || parameter.shown == "_");
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

fn parameters(function: &GradFn) -> impl Iterator<Item = &Parameter> {
    function.parameters.iter()
}

fn unraw(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

fn argument_of<'a>(check: &'a Check, parameter: &Parameter) -> Option<&'a Expr> {
    check.arguments.iter().find(|(name, _)| unraw(name) == parameter.shown).map(|(_, value)| value)
}

fn suggestion(parameter: &Parameter) -> String {
    match is_tensor(&parameter.ty) {
        Some(_) => format!("{} = [2, 3]", parameter.shown),
        None => format!("{} = …", parameter.shown),
    }
}

/// The test.
///
/// Input: `#[custom_gradient(check(x = [2, 3], n = 4))] fn power(x: &Tensor, n: i32) -> Tensor { … }`
///
/// Output, with paths shortened, after the function:
///
/// ```text
/// #[cfg(test)]
/// #[test]
/// fn power_gradients() {
///     use dispatch::*;
///     check_rule(
///         "power",
///         ..,
///         ((&&Slot::<&Tensor>::new("x", 0)).__sizes([2, 3]), ((&&Slot::<i32>::new("n", 1)).__value(4), ())),
///         |(argument_0, (argument_1, ()))| power(argument_0, argument_1),
///     );
/// }
/// ```
///
/// In place of `..` stand options, if the function is elementwise or an exemption is given. A function generic over its
/// dtype is checked with each of [`DTYPES`].
pub(crate) fn test(function: &GradFn) -> TokenStream {
    let Some(check) = &function.check else { return TokenStream::new() };
    let dispatch = function.contract.get("dispatch");
    let place = check.name.span();
    let name = names::test_of(&function.function.sig.ident, place);
    let conditions = function.function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let is_generic = function.function.sig.generics.type_params().any(|parameter| is_dtype(function, &parameter.ident));
    let dtypes = if is_generic { &DTYPES[..] } else { &DTYPES[..1] };
    let runs = dtypes.iter().map(|dtype| run(function, check, dtype));
    // At the option itself: rustc warns there if no harness can see the test.
    let head = quote_spanned!(place=> #[cfg(test)] #[::core::prelude::v1::test] fn #name());
    quote! {
        #(#conditions)*
        #[allow(deprecated)]
        #head {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(#runs)*
        }
    }
}

/// The check with one dtype.
fn run(function: &GradFn, check: &Check, dtype: &str) -> TokenStream {
    let signature = &function.function.sig;
    let place = check.name.span();
    let (check_rule, name) = (function.contract.item("check_rule", place), unraw(&signature.ident));
    let given: Vec<TokenStream> = parameters(function)
        .enumerate()
        .filter_map(|(position, parameter)| {
            Some(given(function, parameter, position, argument_of(check, parameter)?, dtype))
        })
        .collect();
    let arguments: Vec<Ident> = (0..given.len()).map(names::argument).collect();
    let pattern = nested(arguments.iter().map(ToTokens::to_token_stream));
    let given = nested(given.into_iter());
    // Items are called by name, whatever the place of the name.
    let mut called = signature.ident.clone();
    called.set_span(names::at(place));
    let (turbofish, options) = (turbofish(function, dtype), options(function, check));
    quote_spanned!(names::at(place)=> #check_rule(#name, #options, #given, |#pattern| #called #turbofish (#(#arguments),*));)
}

/// How the check is made.
fn options(function: &GradFn, check: &Check) -> TokenStream {
    let elementwise = function.is_elementwise.then(|| quote!(.any_length()));
    let exemption = exemptions(function, check).next().map(|(name, _, reason)| quote!(.#name(#reason)));
    if elementwise.is_none() && exemption.is_none() {
        return quote!(..);
    }
    let options = function.contract.item("CheckOptions", check.name.span());
    quote!(<#options as ::core::default::Default>::default() #elementwise #exemption)
}

/// `a, b` as `(a, (b, ()))`.
fn nested(parts: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    parts.rfold(quote!(()), |rest, first| quote!((#first, #rest)))
}

/// What an argument becomes: the type of the parameter decides, where it can be written.
fn given(function: &GradFn, parameter: &Parameter, position: usize, value: &Expr, dtype: &str) -> TokenStream {
    let contract = &function.contract;
    let place = names::at(value.span());
    // Of what an `Option` might hold nothing is known then, and nothing needs to be.
    let ty = if is_none(value) { None } else { written_type(function, &parameter.ty, dtype) };
    let Some(ty) = ty else {
        let passed = contract.item("Passed", place);
        return quote_spanned!(place=> #passed(#value));
    };
    let (slot, shown, position) = (contract.item("Slot", place), &parameter.shown, position as u64);
    let position = proc_macro2::Literal::u64_unsuffixed(position);
    let method = if is_sizes(value) { quote_spanned!(place=> __sizes) } else { quote_spanned!(place=> __value) };
    let given = quote_spanned!(place=> (&&#slot::<#ty>::new(#shown, #position)).#method(#value));
    match parameter.kind {
        ParameterKind::Nondiff => {
            let fixed = contract.item("Fixed", place);
            quote_spanned!(place=> #fixed(#given))
        }
        ParameterKind::ByType => given,
    }
}

/// Whether an array may be a list of sizes: not one of floats, of arrays, or of anything else that is visibly no size.
fn is_sizes(value: &Expr) -> bool {
    let is_size = |element: &Expr| match element {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => matches!(number.suffix(), "" | "usize"),
        Expr::Path(_) | Expr::Binary(_) | Expr::Paren(_) | Expr::Field(_) => true,
        Expr::Cast(cast) => matches!(&*cast.ty, Type::Path(ty) if ty.path.is_ident("usize")),
        _ => false,
    };
    matches!(value, Expr::Array(array) if array.elems.iter().all(is_size))
}

/// Whether a type parameter is the dtype of tensors.
fn is_dtype(function: &GradFn, parameter: &Ident) -> bool {
    let name = parameter.to_string();
    let bounds = bounds(&function.function.sig.generics, &name);
    ["Real", "Number", "Element"].iter().any(|bound| bounds.contains(bound))
        || function.parameters.iter().any(|parameter| is_tensor(&parameter.ty).as_ref() == Some(&name))
}

/// The generic arguments of the call: dtypes are said, the rest is inferred.
fn turbofish(function: &GradFn, dtype: &str) -> Option<TokenStream> {
    let dtype = Ident::new(dtype, proc_macro2::Span::mixed_site());
    let arguments: Vec<TokenStream> = function
        .function
        .sig
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) if is_dtype(function, &parameter.ident) => {
                Some(quote!(::core::primitive::#dtype))
            }
            GenericParam::Type(_) | GenericParam::Const(_) => Some(quote!(_)),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!arguments.is_empty()).then(|| quote!(::<#(#arguments),*>))
}

/// The type of a parameter outside its function: lifetimes inferred, dtypes replaced. `None` if another generic parameter
/// is in it.
fn written_type(function: &GradFn, ty: &Type, dtype: &str) -> Option<Type> {
    let mut ty = ty.clone();
    let mut rewriter = Rewriter { function, dtype: Ident::new(dtype, proc_macro2::Span::mixed_site()) };
    rewriter.visit_type_mut(&mut ty);
    let generics = &function.function.sig.generics;
    let others = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    let mut finder = Unwritable { names: others.collect(), found: false };
    finder.visit_type(&ty);
    (!finder.found).then_some(ty)
}

struct Rewriter<'a> {
    function: &'a GradFn,
    dtype: Ident,
}

impl VisitMut for Rewriter<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::Path(path) if path.path.get_ident().is_some_and(|name| self.is_dtype(name)) => {
                let dtype = &self.dtype;
                *ty = parse_quote!(::core::primitive::#dtype);
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }
}

impl Rewriter<'_> {
    fn is_dtype(&self, name: &Ident) -> bool {
        let mut generics = self.function.function.sig.generics.type_params();
        generics.any(|parameter| parameter.ident == *name) && is_dtype(self.function, name)
    }
}

/// Finds what cannot be written outside the function.
struct Unwritable<'a> {
    names: Vec<&'a Ident>,
    found: bool,
}

impl Visit<'_> for Unwritable<'_> {
    fn visit_ident(&mut self, name: &Ident) {
        self.found |= self.names.contains(&name);
    }
    fn visit_type(&mut self, ty: &Type) {
        self.found |= matches!(ty, Type::ImplTrait(_));
        visit::visit_type(self, ty);
    }
}
