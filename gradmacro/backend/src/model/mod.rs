//! What an annotated function is: the original syntax, taken apart, with every default resolved.

pub(crate) mod arrays;
pub(crate) mod capture;
pub(crate) mod checked;
pub(crate) mod closure;
pub(crate) mod comparison;
pub(crate) mod elementwise;
pub(crate) mod exit;
pub(crate) mod lazy_lets;
pub(crate) mod literals;
pub(crate) mod options;
pub(crate) mod parameter;
pub(crate) mod place;
pub(crate) mod recompute;
pub(crate) mod rule;
pub(crate) mod stale;
pub(crate) mod taking;

use proc_macro2::Ident;
use syn::{Expr, ItemFn, ReturnType, Type};

use crate::model::arrays::Arrays;
use crate::model::closure::locals_around;
use crate::model::comparison::Comparisons;
use crate::model::elementwise::Elementwise;
use crate::model::exit::Exit;
use crate::model::literals::Literals;
use crate::model::options::{Check, Options};
use crate::model::parameter::{Parameter, is_one_list, parameters};
use crate::model::place::Place;
use crate::model::rule::{Form, Keeping, Rule, named_rules, rewrite};
use crate::model::taking::{TakenRules, take_rules};
use crate::names::{self, Contract};
use crate::report::Report;
use crate::syntax::groups::peeled_type;
use crate::syntax::types::{in_result, is_tensor};

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

/// How a body runs again.
pub(crate) struct Again {
    pub(crate) given: Vec<Given>,
    /// The function with these names.
    pub(crate) model: Box<GradFn>,
}

/// What the body is given: a parameter or a part of `self`.
pub(crate) struct Given {
    pub(crate) place: Place,
    /// Its name where the body runs again.
    pub(crate) name: Ident,
    pub(crate) is_mutable: bool,
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

    /// The model of a function, which runs `again` for its gradient.
    pub(crate) fn new(
        options: Options,
        contract: Contract,
        arrays: Option<Arrays>,
        again: Option<Again>,
        mut function: ItemFn,
        report: &mut Report,
    ) -> Self {
        let Options { variables, closure, broadcast, elementwise, check, .. } = options;
        let around = closure.map(|_| locals_around(&function));
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
        let mutable = arrays.iter().flat_map(|arrays| arrays.mutable(&parameters)).collect();
        stale::find(&function.sig, mutable, &function.block, &mut exits, &mut rules);
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
