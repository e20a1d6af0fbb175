//! What an annotated function is: the original syntax, taken apart, with every default resolved and every decision taken.

pub(crate) mod arrays;
pub(crate) mod capture;
pub(crate) mod checked;
pub(crate) mod closure;
pub(crate) mod comparison;
pub(crate) mod elementwise;
pub(crate) mod exit;
mod helper;
pub(crate) mod hole;
pub(crate) mod lazy_lets;
pub(crate) mod literals;
mod mathematics;
pub(crate) mod options;
pub(crate) mod output;
pub(crate) mod outside;
pub(crate) mod parameter;
pub(crate) mod place;
pub(crate) mod recompute;
pub(crate) mod rule;
pub(crate) mod stale;
pub(crate) mod taking;

use proc_macro2::Ident;
use syn::{Expr, ItemFn, Signature};

use crate::model::arrays::Arrays;
use crate::model::closure::Around;
use crate::model::comparison::Comparisons;
use crate::model::elementwise::Elementwise;
use crate::model::exit::Exit;
use crate::model::literals::Literals;
use crate::model::mathematics::Mathematics;
use crate::model::options::{Check, Options};
use crate::model::output::Output;
use crate::model::parameter::{Parameter, is_one_list, parameters};
use crate::model::recompute::Given;
use crate::model::rule::{Keeping, Rule, RuleForm, named_rules, rewrite};
use crate::model::taking::{TakenRules, take_rules};
use crate::names::{self, Contract};
use crate::report::Report;

/// An annotated function.
#[allow(clippy::struct_excessive_bools, reason = "each is an option or an attribute of the user's")]
pub(crate) struct GradFn {
    /// Attributes, visibility and signature, as they will be emitted; the body with holes.
    pub(crate) function: ItemFn,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Output,
    pub(crate) variables: Vec<Expr>,
    pub(crate) form: Form,
    /// Whether gradients are summed over the axes along which their inputs were stretched.
    pub(crate) broadcast: bool,
    /// Whether the rule is known to be linear in its upstream gradient.
    pub(crate) linear: bool,
    /// Whether the body is known to call no other rule.
    pub(crate) leaf: bool,
    /// The arguments of a generated test.
    pub(crate) check: Option<Check>,
    pub(crate) exits: Vec<Exit>,
    pub(crate) rules: Vec<Rule>,
    /// The names that rules are bound to.
    pub(crate) rule_names: Vec<Ident>,
    /// Where the body uses a rule otherwise than in a pair.
    pub(crate) rules_used: Vec<Ident>,
    /// The inputs to which no rule lets a gradient through: bit `k` for the `k`th.
    pub(crate) stops: u64,
    pub(crate) contract: Contract,
    /// Whether the user wrote `#[allow_constant_gradient]`, which is taken off.
    pub(crate) allows_constant_gradients: bool,
    /// Whether the user wrote `#[track_caller]`.
    pub(crate) tracks_caller: bool,
}

/// What the body is written over, and what becomes of it: of these options a function has at most one.
pub(crate) enum Form {
    /// Tensors go in and come out.
    Tensors,
    /// As `Tensors`; the function becomes a closure over copies of the locals around it.
    Closure(Around),
    /// As `Tensors`; the body runs again for its gradient.
    Recompute(Again),
    /// The body is written over arrays.
    Arrays(Box<Arrays>),
    /// The body is written for one element. `None` if the function returns nothing, so that an element has no type.
    Elementwise(Option<Box<Elementwise>>),
}

/// How a body runs again.
pub(crate) struct Again {
    pub(crate) given: Vec<Given>,
    /// The function with these names.
    pub(crate) model: Box<GradFn>,
}

impl GradFn {
    /// The model of a function as it is written. Each step needs what those before it have made.
    pub(crate) fn of(options: Options, contract: Contract, written: &ItemFn, report: &mut Report) -> Self {
        GradFn::given(&[], options, contract, written, report)
    }

    /// As [`of`](Self::of), with the names of `parts` of `self` as locals around the function.
    fn given(parts: &[Ident], options: Options, contract: Contract, written: &ItemFn, report: &mut Report) -> Self {
        let mut function = written.clone();
        // From here on the signature shows tensors, and then names, without what only the macro reads.
        let arrays = options.arrays.is_some().then(|| arrays::take(&mut function, &contract, report));
        let parameters = parameters(&mut function, &options.variables, report);
        let output = Output::of(&function.sig.output);
        let form = match (arrays, &output.value) {
            (Some(arrays), _) => Form::Arrays(Box::new(arrays)),
            (None, value) if options.elementwise.is_some() => {
                let of = |scalar| Box::new(Elementwise::new(scalar, &function, &parameters, &contract));
                Form::Elementwise(value.as_ref().map(of))
            }
            _ if options.closure.is_some() => Form::Closure(closure::around(written)),
            _ if options.recompute.is_some() => Form::Recompute(again(written, &contract)),
            _ => Form::Tensors,
        };
        // Pairs come out first: they name the rules, or have them.
        let mut exits = match output.value {
            Some(_) => exit::take_exits(&mut function.block, output.in_result, report),
            None => Vec::new(),
        };
        // What stands in a rule is rewritten before the rule is taken apart.
        rewrite_operations(&mut function, &mut exits, &form, &contract);
        let rule_form = RuleForm {
            keeping: match &form {
                Form::Arrays(_) => Keeping::Whole,
                Form::Elementwise(Some(_)) => Keeping::Nothing,
                _ => Keeping::ByGradient,
            },
            one_list: options.variables.is_empty() && is_one_list(&parameters),
        };
        let TakenRules { mut rules, names: rule_names, used: rules_used } =
            take_rules(&mut function, &[form.around(), parts].concat(), form.called(), &mut exits, rule_form);
        let mutable = form.arrays().into_iter().flat_map(|arrays| arrays.mutable(&parameters)).collect();
        stale::find(&function.sig, mutable, &function.block, &mut exits, &mut rules);
        let is_written = |name: &str| written.attrs.iter().any(|attribute| attribute.path().is_ident(name));
        function.attrs.retain(|attribute| !attribute.path().is_ident(names::ALLOW_CONSTANT_GRADIENT));
        GradFn {
            stops: rule::stopped(&rules),
            allows_constant_gradients: is_written(names::ALLOW_CONSTANT_GRADIENT),
            tracks_caller: is_written("track_caller"),
            broadcast: options.broadcast.is_some(),
            linear: options.linear,
            leaf: options.leaf,
            variables: options.variables,
            check: options.check,
            function,
            parameters,
            output,
            form,
            exits,
            rules,
            rule_names,
            rules_used,
            contract,
        }
    }

    /// Whether a `grad` changes what outlives it, as far as the syntax shows.
    pub(crate) fn has_effect(&self) -> bool {
        self.rules.iter().any(|rule| rule.outside.is_changed)
    }

    /// The signature as callers see it.
    pub(crate) fn signature(&self) -> &Signature {
        self.form.elementwise().map_or(&self.function.sig, |elementwise| &elementwise.signature)
    }
}

impl Form {
    /// What outputs are called.
    pub(crate) fn outputs_are(&self) -> &'static str {
        match self {
            Form::Arrays(_) => "array",
            Form::Elementwise(_) => "number",
            Form::Tensors | Form::Closure(_) | Form::Recompute(_) => "tensor",
        }
    }

    pub(crate) fn arrays(&self) -> Option<&Arrays> {
        match self {
            Form::Arrays(arrays) => Some(arrays),
            _ => None,
        }
    }

    pub(crate) fn elementwise(&self) -> Option<&Elementwise> {
        match self {
            Form::Elementwise(elementwise) => elementwise.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn is_elementwise(&self) -> bool {
        matches!(self, Form::Elementwise(_))
    }

    /// With the option `closure`, the functions that `grad` or a closure of the body calls by a bare name.
    fn called(&self) -> &[Ident] {
        match self {
            Form::Closure(around) => &around.called,
            _ => &[],
        }
    }

    /// With the option `closure`, the locals around the function that it uses.
    pub(crate) fn around(&self) -> &[Ident] {
        match self {
            Form::Closure(around) => &around.locals,
            _ => &[],
        }
    }
}

/// How a function runs again, which is a function too.
fn again(written: &ItemFn, contract: &Contract) -> Again {
    let (given, function) = recompute::second_run(written);
    let mut report = Report::default();
    let is_of_self = |given: &&Given| given.place.is_within_self();
    let parts: Vec<Ident> = given.iter().filter(is_of_self).map(|given| given.name.clone()).collect();
    let model = GradFn::given(&parts, Options::default(), contract.clone(), &function, &mut report);
    // The first model has the same mistakes.
    report.forget();
    Again { given, model: Box::new(model) }
}

/// Gives comparisons, literals and elementary functions the meaning that they have in this form.
fn rewrite_operations(function: &mut ItemFn, exits: &mut [Exit], form: &Form, contract: &Contract) {
    let functions = &named_rules(exits);
    match form {
        // Among arrays and their elements every comparison is Rust's own, and so it is among numbers.
        Form::Arrays(_) => {}
        Form::Elementwise(Some(elementwise)) => {
            let Elementwise { scalar, is_generic, .. } = &**elementwise;
            match is_generic {
                true => rewrite(Literals { contract, scalar, functions }, function, exits),
                false => rewrite(Mathematics { contract, functions }, function, exits),
            }
        }
        _ => rewrite(Comparisons { contract, functions }, function, exits),
    }
}
