//! What an annotated function is: the original syntax, taken apart, with every default resolved.

pub(crate) mod arrays;
pub(crate) mod capture;
pub(crate) mod checked;
pub(crate) mod closure;
pub(crate) mod comparison;
pub(crate) mod exit;
pub(crate) mod lazy_lets;
pub(crate) mod literals;
pub(crate) mod options;
pub(crate) mod recompute;
pub(crate) mod rule;
pub(crate) mod stale;

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, FnArg, ItemFn, Pat, PatType, ReturnType, Type, parse_quote};

use crate::elementwise::Elementwise;
use crate::model::arrays::Arrays;
use crate::model::closure::locals_around;
use crate::model::comparison::Comparisons;
use crate::model::exit::Exit;
use crate::model::literals::Literals;
use crate::model::options::{Check, Options};
use crate::model::recompute::Again;
use crate::model::rule::{Form, Keeping, Rule, TakenRules, named_rules, rewrite, take_rules};
use crate::names::{self, Contract};
use crate::report::Report;
use crate::syntax::attributes::is_for_lints;
use crate::syntax::groups::peeled_type;
use crate::syntax::mention::Mentioned;
use crate::syntax::types::{in_result, is_constant, is_list, is_tensor};

/// An annotated function.
#[allow(clippy::struct_excessive_bools, reason = "each is an option or an attribute of the user's")]
pub(crate) struct GradFn {
    /// Attributes, visibility and signature, as they will be emitted; the body with holes.
    pub(crate) function: ItemFn,
    pub(crate) parameters: Vec<Parameter>,
    /// What a pair's value must be: the return type, or what is in its `Result`.
    pub(crate) output: Option<Type>,
    /// The types of the outputs, where the syntax shows them.
    pub(crate) outputs: Option<Vec<Type>>,
    pub(crate) variables: Vec<Expr>,
    /// With the option `closure`, the locals around the function that it uses.
    pub(crate) around: Option<Vec<Ident>>,
    /// Whether gradients are summed over the axes along which their inputs were stretched.
    pub(crate) broadcast: bool,
    /// With the option `recompute`, how the body runs again.
    pub(crate) again: Option<Again>,
    /// The arguments of a generated test.
    pub(crate) check: Option<Check>,
    pub(crate) exits: Vec<Exit>,
    pub(crate) rules: Vec<Rule>,
    /// The names that rules are bound to.
    pub(crate) rule_names: Vec<Ident>,
    /// Where the body uses a rule otherwise than in a pair.
    pub(crate) rules_used: Vec<Ident>,
    pub(crate) contract: Contract,
    /// Whether the user wrote `#[allow_constant_gradient]`, which is taken off.
    pub(crate) allows_constant_gradients: bool,
    /// What the body sees with the option `arrays`.
    pub(crate) arrays: Option<Arrays>,
    /// Whether the user wrote `#[track_caller]`.
    pub(crate) tracks_caller: bool,
    /// Whether the pairs stand in `Ok(…)`.
    pub(crate) returns_result: bool,
    /// Whether the option `elementwise` is given.
    pub(crate) is_elementwise: bool,
    /// With that option, and a type of the result.
    pub(crate) elementwise: Option<Elementwise>,
}

/// A parameter other than `self`.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// As messages call it.
    pub(crate) shown: String,
    /// Where the user takes the argument apart.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
    pub(crate) kind: ParameterKind,
    /// Its attributes that set lints.
    pub(crate) lints: Vec<Attribute>,
    /// Its `#[cfg(…)]`s.
    pub(crate) configured: Vec<Attribute>,
    /// Whether the body never mentions it.
    pub(crate) unused: bool,
}

/// What is known of a parameter before its type is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ParameterKind {
    /// The type decides.
    ByType,
    /// Marked `#[nondiff]`.
    Nondiff,
}

impl GradFn {
    /// What its outputs are called.
    pub(crate) fn outputs_are(&self) -> &'static str {
        match (&self.arrays, self.is_elementwise) {
            (Some(_), _) => "array",
            (None, true) => "number",
            (None, false) => "tensor",
        }
    }

    pub(crate) fn new(options: Options, arrays: Option<Arrays>, function: ItemFn, report: &mut Report) -> Self {
        let again = options.recompute.as_ref().map(|_| recompute::again(&function, &options));
        GradFn::of(options, arrays, again, function, report)
    }

    /// The model of a function, which runs `again` for its gradient.
    pub(crate) fn of(
        options: Options,
        arrays: Option<Arrays>,
        again: Option<Again>,
        mut function: ItemFn,
        report: &mut Report,
    ) -> Self {
        let Options { variables, gradcore, closure, broadcast, elementwise, check, .. } = options;
        let around = closure.map(|_| locals_around(&function));
        let contract = Contract::new(gradcore);
        let parameters = parameters(&mut function, &variables, report);
        let (output, returns_result) = match &function.sig.output {
            ReturnType::Default => (None, false),
            ReturnType::Type(_, ty) => match in_result(ty) {
                Some(value) => (Some(value), true),
                None => (Some(peeled_type(ty).clone()), false),
            },
        };
        let is_elementwise = elementwise.is_some();
        let elementwise = output
            .as_ref()
            .filter(|_| is_elementwise)
            .map(|scalar| Elementwise::new(scalar, &function.sig.generics, &parameters));
        let outputs = output.as_ref().and_then(|output| match output {
            _ if is_elementwise => Some(vec![output.clone()]),
            Type::Tuple(tuple) => Some(tuple.elems.iter().cloned().collect()),
            _ => is_tensor(output).map(|_| vec![output.clone()]),
        });
        if arrays.is_none() && !is_elementwise {
            let tensors = parameters.iter().filter(|parameter| is_tensor(&parameter.ty).is_some());
            let tensors: Vec<Ident> = tensors.map(|parameter| parameter.name.clone()).collect();
            comparison::check(&function, &tensors, report);
        }
        let mut exits = match output {
            Some(_) => exit::take_exits(&mut function.block, returns_result, report),
            None => Vec::new(),
        };
        let named = named_rules(&exits);
        match &elementwise {
            // Among arrays and their elements every comparison is Rust's own.
            _ if arrays.is_some() => {}
            None => rewrite(Comparisons { contract: &contract, functions: &named }, &mut function, &mut exits),
            Some(Elementwise { scalar, is_generic: true, .. }) => {
                let literals = Literals { contract: &contract, scalar, functions: &named };
                rewrite(literals, &mut function, &mut exits);
            }
            Some(_) => {}
        }
        let one_list = variables.is_empty() && is_one_list(&parameters);
        let keeping = match (&arrays, &elementwise) {
            (None, None) => Keeping::ByGradient,
            (Some(_), _) => Keeping::Whole,
            (None, Some(_)) => Keeping::Nothing,
        };
        let TakenRules { mut rules, names: rule_names, used: rules_used } =
            take_rules(&mut function, around.as_deref().unwrap_or_default(), &mut exits, Form { keeping, one_list });
        stale::find(&function.sig, &function.block, &mut exits, &mut rules);
        let attributes = function.attrs.len();
        function.attrs.retain(|attribute| !attribute.path().is_ident(names::ALLOW_CONSTANT_GRADIENT));
        let allows_constant_gradients = function.attrs.len() < attributes;
        let tracks_caller = function.attrs.iter().any(|attribute| attribute.path().is_ident("track_caller"));
        GradFn {
            function,
            parameters,
            output,
            outputs,
            variables,
            around,
            broadcast: broadcast.is_some(),
            again,
            check,
            exits,
            rules,
            rule_names,
            rules_used,
            contract,
            allows_constant_gradients,
            arrays,
            tracks_caller,
            returns_result,
            is_elementwise,
            elementwise,
        }
    }
}

/// Describes the parameters, takes `#[nondiff]` off them, and gives a name to `_`.
fn parameters(function: &mut ItemFn, variables: &[Expr], report: &mut Report) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let (body, listed) = (&function.block, variables);
    let mentioned = Mentioned::among(&quote!(#body #(#listed)*));
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let PatType { attrs, pat, ty, .. } = match input {
            FnArg::Typed(input) => input,
            FnArg::Receiver(receiver) => {
                if let Some(attribute) =
                    receiver.attrs.iter().find(|attribute| attribute.path().is_ident(names::NONDIFF))
                {
                    report.error(attribute, "`self` takes no gradient anyway; remove `#[nondiff]`");
                }
                continue;
            }
        };
        let marked = attrs.iter().any(|attribute| attribute.path().is_ident(names::NONDIFF));
        attrs.retain(|attribute| !attribute.path().is_ident(names::NONDIFF));
        let shown = pat.to_token_stream().to_string();
        let (name, pattern) = match &mut **pat {
            Pat::Ident(binding) => (binding.ident.clone(), None),
            pat @ Pat::Wild(_) => {
                let name = names::unnamed_parameter(index);
                *pat = parse_quote!(#name);
                (name, None)
            }
            pat => (names::unnamed_parameter(index), Some(pat.clone())),
        };
        let shown = match pattern {
            Some(_) => shown,
            None => shown.trim_start_matches("mut ").trim_start_matches("r#").to_owned(),
        };
        let kind = if marked { ParameterKind::Nondiff } else { ParameterKind::ByType };
        let lints = attrs.iter().filter(|attribute| is_for_lints(attribute));
        let configured = attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let unused = pattern.is_none() && !mentioned.contains(&name.to_string());
        let (lints, configured) = (lints.cloned().collect(), configured.cloned().collect());
        parameters.push(Parameter {
            name,
            shown,
            pattern,
            ty: peeled_type(ty).clone(),
            kind,
            lints,
            configured,
            unused,
        });
    }
    parameters
}

/// Whether one parameter is written as a list or a tuple, and none as a tensor: its gradients may be all there are.
fn is_one_list(parameters: &[Parameter]) -> bool {
    let by_type = || parameters.iter().filter(|parameter| parameter.kind == ParameterKind::ByType);
    let is_real = |parameter: &Parameter| {
        is_tensor(&parameter.ty).is_some_and(|dtype| !["i32", "i64", "u8", "bool"].contains(&dtype.as_str()))
    };
    let lists = by_type().filter(|parameter| is_list(&parameter.ty) && !is_constant(&parameter.ty));
    lists.count() == 1 && !by_type().any(is_real)
}
