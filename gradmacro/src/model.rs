//! What an annotated function is: the original syntax, taken apart, with every default resolved.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Block, Expr, ExprClosure, ExprReturn, ExprTry, FnArg, GenericArgument, Item, ItemFn, Local, Pat,
    PatType, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use crate::arrays::Arrays;
use crate::capture::{Captured, captures, changed_captures};
use crate::check::is_constant;
use crate::closure::locals_around;
use crate::comparison::Comparisons;
use crate::elementwise::Elementwise;
use crate::exit::{self, Exit, Hole};
use crate::lets::{self, Statement, mentions};
use crate::literals::Literals;
use crate::names::{self, Contract};
use crate::options::{Check, Options};
use crate::recompute::{self, Again};
use crate::report::Report;
use crate::scope::{Handler, Scopes, Walker};
use crate::values::ends_with_ok;

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

/// A `grad`.
pub(crate) struct Rule {
    /// For messages: the closure or function as it was written.
    pub(crate) written: TokenStream,
    /// One for each output, with its type where the user wrote one.
    pub(crate) parameters: Vec<(Pat, Option<Type>)>,
    /// What stands before the gradients.
    pub(crate) statements: Vec<Statement>,
    pub(crate) gradients: Gradients,
    /// For each gradient the [`Let`](lets::Let)s that it uses, by number of the statement.
    pub(crate) uses: Vec<Vec<usize>>,
    pub(crate) captures: Vec<Captured>,
    /// Captures that it assigns to or borrows mutably, and where.
    pub(crate) changed: Vec<(String, TokenStream)>,
    /// Its `return`s without a value.
    pub(crate) bare_returns: Vec<ExprReturn>,
    /// What a `grad` cannot be, with the words that say so.
    pub(crate) refused: Vec<(TokenStream, &'static str)>,
}

/// The value of a `grad`.
pub(crate) enum Gradients {
    /// One expression for each gradient, each with the type that an inner `fn` declares.
    Split(Vec<(Expr, Option<Type>)>),
    /// One expression for all, because the syntax does not show where one ends, with the type that an inner `fn`
    /// declares. With `early`, it is left by `return` or `?`; if it is `fallible`, it ends with `Ok(…)`.
    Whole { value: Box<Expr>, declared: Option<Box<Type>>, early: bool, fallible: bool },
    /// The body has no value.
    Missing,
}

impl Gradients {
    /// The first expression.
    pub(crate) fn first(&self) -> Option<&Expr> {
        match self {
            Gradients::Split(gradients) => gradients.first().map(|(gradient, _)| gradient),
            Gradients::Whole { value, .. } => Some(value),
            Gradients::Missing => None,
        }
    }
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
                None => (Some((**ty).clone()), false),
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
        let TakenRules { rules, names: rule_names, used: rules_used } =
            take_rules(&mut function, around.as_deref().unwrap_or_default(), &mut exits, Form { keeping, one_list });
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
    let body = function.block.to_token_stream();
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
        let mentioned = mentions(&body, &name.to_string())
            || variables.iter().any(|place| mentions(&place.to_token_stream(), &name.to_string()));
        let unused = pattern.is_none() && !mentioned;
        let (lints, configured) = (lints.cloned().collect(), configured.cloned().collect());
        parameters.push(Parameter { name, shown, pattern, ty: (**ty).clone(), kind, lints, configured, unused });
    }
    parameters
}

/// The `T` of a `Result<T, …>`.
pub(crate) fn in_result(ty: &Type) -> Option<Type> {
    let path = match ty {
        Type::Path(path) => path,
        Type::Paren(inner) => return in_result(&inner.elem),
        Type::Group(inner) => return in_result(&inner.elem),
        _ => return None,
    };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// The `T` of a `Result<T, …>`, or the type itself.
pub(crate) fn in_result_mut(ty: &mut Type) -> &mut Type {
    if in_result(ty).is_none() {
        return ty;
    }
    match ty {
        Type::Paren(inner) => in_result_mut(&mut inner.elem),
        Type::Group(inner) => in_result_mut(&mut inner.elem),
        Type::Path(path) => match path.path.segments.last_mut().map(|last| &mut last.arguments) {
            Some(PathArguments::AngleBracketed(arguments)) => match arguments.args.first_mut() {
                Some(GenericArgument::Type(value)) => value,
                _ => unreachable!("a `Result` has a value"),
            },
            _ => unreachable!("a `Result` has arguments"),
        },
        other => other,
    }
}

/// The dtype of a type that is written as a tensor or variable, or a reference to one; `f32` if none is written.
pub(crate) fn is_tensor(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => is_tensor(&reference.elem),
        Type::Paren(inner) => is_tensor(&inner.elem),
        Type::Group(inner) => is_tensor(&inner.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident != "Tensor" && last.ident != "Variable" {
                return None;
            }
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) => Some(arguments.args.to_token_stream().to_string()),
                _ => Some("f32".to_owned()),
            }
        }
        _ => None,
    }
}

/// The names by which the exits call their rules.
fn named_rules(exits: &[Exit]) -> Vec<Ident> {
    let name = |exit: &Exit| match &exit.rule {
        exit::Rule::Named(name) => Some(name.clone()),
        _ => None,
    };
    exits.iter().filter_map(name).collect()
}

/// Whether the only parameter that can be an input is written as a list or a tuple.
fn is_one_list(parameters: &[Parameter]) -> bool {
    let can_be_input = |parameter: &&Parameter| {
        let dtype = is_tensor(&parameter.ty);
        parameter.kind == ParameterKind::ByType
            && !is_constant(&parameter.ty)
            && !matches!(dtype.as_deref(), Some("i32" | "i64" | "u8" | "bool"))
    };
    let mut inputs = parameters.iter().filter(can_be_input);
    match (inputs.next(), inputs.next()) {
        (Some(only), None) => is_list(&only.ty),
        _ => false,
    }
}

/// Whether a type is written as a list or a tuple.
pub(crate) fn is_list(ty: &Type) -> bool {
    match ty {
        Type::Slice(_) | Type::Array(_) | Type::Tuple(_) => true,
        Type::Reference(reference) => is_list(&reference.elem),
        Type::Paren(inner) => is_list(&inner.elem),
        Type::Group(inner) => is_list(&inner.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Vec"),
        _ => false,
    }
}

/// Takes the rules out of the body and the exits, and leaves holes.
fn take_rules(function: &mut ItemFn, around: &[Ident], exits: &mut [Exit], form: Form) -> TakenRules {
    let named = named_rules(exits);
    let mut scopes = Scopes::default();
    around.iter().for_each(|local| scopes.bind_name(local));
    for input in &function.sig.inputs {
        if let FnArg::Typed(input) = input {
            scopes.bind_parameter(&input.pat);
        }
    }
    let mut taker = RuleTaker { named, exits, form, taken: TakenRules::default() };
    Walker { handler: &mut taker, scopes }.visit_block_mut(&mut function.block);
    taker.taken
}

/// Rewrites the body, and the parts of exits.
fn rewrite(mut rewriter: impl VisitMut, function: &mut ItemFn, exits: &mut [Exit]) {
    rewriter.visit_block_mut(&mut function.block);
    for exit in exits {
        rewriter.visit_expr_mut(&mut exit.value);
        if let exit::Rule::InPlace(closure) = &mut exit.rule {
            rewriter.visit_expr_closure_mut(closure);
        }
    }
}

/// What the function says of the form of its rules.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    keeping: Keeping,
    /// Whether the one gradient is that of a list or tuple of tensors.
    one_list: bool,
}

/// What outlives the body for its rules.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Keeping {
    /// What the gradients use that are needed; `let`s before them may be left out.
    ByGradient,
    /// As before, but the statements before the gradients run always.
    Whole,
    /// A rule runs in the body, and captures nothing.
    Nothing,
}

struct RuleTaker<'a> {
    named: Vec<Ident>,
    exits: &'a mut [Exit],
    form: Form,
    taken: TakenRules,
}

/// The rules of a function, the names that they are bound to, and where else the body uses these.
#[derive(Default)]
struct TakenRules {
    rules: Vec<Rule>,
    names: Vec<Ident>,
    used: Vec<Ident>,
}

impl RuleTaker<'_> {
    /// The locals that a rule captures if it uses them.
    fn captured(&self, scopes: &Scopes) -> Scopes {
        if self.form.keeping == Keeping::Nothing { Scopes::default() } else { scopes.clone() }
    }

    fn take(&mut self, rule: Rule) -> usize {
        self.taken.rules.push(rule);
        self.taken.rules.len() - 1
    }
}

impl Handler for RuleTaker<'_> {
    /// `let grad = |dy| …;` and `fn grad(dy: &Tensor) -> … { … }`.
    fn statement(&mut self, statement: &mut Stmt, scopes: &Scopes) -> bool {
        match statement {
            Stmt::Local(local) => {
                let Some(name) = bound_name(&local.pat).filter(|name| self.named.contains(name)) else { return false };
                let Some(init) = &mut local.init else { return false };
                let Expr::Closure(closure) = exit::peeled(&init.expr) else { return false };
                let number = self.take(Rule::of_closure(closure, &self.captured(scopes), self.form));
                *init.expr = Hole::Rule(number).into_expr();
                self.taken.names.push(name);
                true
            }
            Stmt::Item(Item::Fn(inner)) if self.named.contains(&inner.sig.ident) => {
                let name = inner.sig.ident.clone();
                let number = self.take(Rule::of_function(inner, &self.captured(scopes), self.form));
                *statement = parse_quote!(let #name = (););
                if let Stmt::Local(Local { init: Some(init), .. }) = statement {
                    *init.expr = Hole::Rule(number).into_expr();
                }
                self.taken.names.push(name);
                true
            }
            _ => false,
        }
    }

    /// A closure in a pair. Other closures have exits of their own.
    fn expression(&mut self, expression: &mut Expr, scopes: &Scopes) -> bool {
        let Some(Hole::Exit(number)) = Hole::of(expression) else {
            if let Expr::Path(path) = expression
                && let Some(name) = path.path.get_ident().filter(|name| scopes.is_rule(name))
            {
                self.taken.used.push(name.clone());
            }
            return matches!(expression, Expr::Closure(_));
        };
        let mut value = std::mem::replace(&mut self.exits[number].value, parse_quote!(()));
        Walker { handler: self, scopes: scopes.clone() }.visit_expr_mut(&mut value);
        self.exits[number].value = value;
        if let exit::Rule::InPlace(closure) = &self.exits[number].rule {
            let rule = Rule::of_closure(closure, &self.captured(scopes), self.form);
            let rule = self.take(rule);
            self.exits[number].rule = exit::Rule::Found(rule);
        }
        true
    }
}

fn bound_name(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(binding) => Some(binding.ident.clone()),
        Pat::Type(typed) => bound_name(&typed.pat),
        _ => None,
    }
}

const NO_ASYNC: &str = "`grad` cannot be `async`: it runs, and returns its gradients, when a tape asks for them";
const NO_GENERICS: &str = "an inner `grad` takes no generic parameters: it is part of the function around it, and may use that one's; leave lifetimes out";
const NO_ATTRIBUTE: &str = "`grad` takes no attribute; for a rule of its own, such as one for the second derivative, define a `#[custom_gradient]` function of everything that it uses, outside, and call that in `grad`";

/// Whether an attribute sets lints, or documents: one that changes nothing of what is compiled.
pub(crate) fn is_for_lints(attribute: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "doc", "inline"].iter().any(|name| attribute.path().is_ident(name))
}

impl Rule {
    fn of_closure(closure: &ExprClosure, around: &Scopes, form: Form) -> Self {
        let parameters = closure
            .inputs
            .iter()
            .map(|input| match input {
                Pat::Type(typed) => ((*typed.pat).clone(), Some((*typed.ty).clone())),
                other => (other.clone(), None),
            })
            .collect();
        let declared = match &closure.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some((**ty).clone()),
        };
        let mut rule =
            Rule::new(closure.to_token_stream(), parameters, (*closure.body).clone(), declared, around, form);
        if let Some(token) = &closure.asyncness {
            rule.refused.push((token.to_token_stream(), NO_ASYNC));
        }
        rule
    }

    fn of_function(function: &ItemFn, around: &Scopes, form: Form) -> Self {
        let parameters = function
            .sig
            .inputs
            .iter()
            .filter_map(|input| match input {
                FnArg::Typed(input) => Some(((*input.pat).clone(), Some((*input.ty).clone()))),
                FnArg::Receiver(_) => None,
            })
            .collect();
        let declared = match &function.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some((**ty).clone()),
        };
        let block = &function.block;
        let mut rule =
            Rule::new(function.sig.to_token_stream(), parameters, parse_quote!(#block), declared, around, form);
        if !function.sig.generics.params.is_empty() {
            rule.refused.push((function.sig.generics.to_token_stream(), NO_GENERICS));
        }
        if let Some(token) = &function.sig.asyncness {
            rule.refused.push((token.to_token_stream(), NO_ASYNC));
        }
        let attributes = function.attrs.iter().filter(|attribute| !is_for_lints(attribute));
        rule.refused.extend(attributes.map(|attribute| (attribute.to_token_stream(), NO_ATTRIBUTE)));
        rule
    }

    fn new(
        written: TokenStream,
        parameters: Vec<(Pat, Option<Type>)>,
        body: Expr,
        declared: Option<Type>,
        around: &Scopes,
        form: Form,
    ) -> Self {
        let bare_returns = bare_returns(&body);
        let fallible = ends_with_ok(&body);
        // A macro such as `ensure!` may return an `Err`.
        let early = leaves_early(&body) || fallible;
        // What `return` leaves must stay in one piece.
        let (mut statements, value) = if early { (Vec::new(), Some(body)) } else { statements_and_value(body) };
        let declared_whole = declared.clone();
        let (split, values, types) = match value {
            None => (false, Vec::new(), Vec::new()),
            Some(value @ (Expr::Tuple(_) | Expr::Array(_))) if form.one_list => (false, vec![value], vec![declared]),
            Some(Expr::Tuple(tuple)) if !early && !tuple.elems.is_empty() => {
                let types = component_types(declared, tuple.elems.len());
                (true, tuple.elems.into_iter().collect(), types)
            }
            Some(Expr::Array(array)) if !early && !array.elems.is_empty() => {
                let types = vec![None; array.elems.len()];
                (true, array.elems.into_iter().collect(), types)
            }
            Some(value) if !early && is_single(&value) => (true, vec![value], vec![declared]),
            Some(value) => (false, vec![value], vec![declared]),
        };
        let (split, mut values, types) = match split && lets::change_each_other(&statements, &values) {
            true => (false, vec![tuple_of(values)], vec![declared_whole]),
            false => (split, values, types),
        };
        let mut own = Scopes::default();
        parameters.iter().for_each(|(pattern, _)| own.bind(pattern));
        let changed = changed_captures(around, &own, &mut statements, &mut values);
        let captures = captures(around, &own, &mut statements, &mut values);
        let (statements, uses) = match form.keeping {
            Keeping::ByGradient => lets::plan(statements, &values),
            Keeping::Whole | Keeping::Nothing => lets::plain(statements, &values),
        };
        let gradients = match (split, values.pop()) {
            (true, Some(last)) => Gradients::Split(values.into_iter().chain([last]).zip(types).collect()),
            (_, Some(value)) => Gradients::Whole {
                value: Box::new(value),
                declared: types.into_iter().next().flatten().map(Box::new),
                early,
                fallible,
            },
            (_, None) => Gradients::Missing,
        };
        Rule { written, parameters, statements, gradients, uses, captures, changed, bare_returns, refused: Vec::new() }
    }
}

/// The gradients in one expression.
fn tuple_of(gradients: Vec<Expr>) -> Expr {
    parse_quote!((#(#gradients),*))
}

/// A type for each component, if the declared type shows as many.
fn component_types(declared: Option<Type>, count: usize) -> Vec<Option<Type>> {
    match declared {
        Some(Type::Tuple(tuple)) if tuple.elems.len() == count => tuple.elems.into_iter().map(Some).collect(),
        _ => vec![None; count],
    }
}

/// Whether an expression is visibly one gradient, no tuple: an operation, a reference, a literal `None`.
fn is_single(value: &Expr) -> bool {
    match value {
        Expr::Binary(_) | Expr::Unary(_) | Expr::Reference(_) => true,
        Expr::Path(path) => path.path.is_ident("None"),
        _ => false,
    }
}

/// What comes before the last expression of a body, and that expression.
fn statements_and_value(body: Expr) -> (Vec<Stmt>, Option<Expr>) {
    match body {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            let Block { stmts: mut statements, .. } = block.block;
            let value = match statements.pop() {
                Some(Stmt::Expr(Expr::Block(inner), None)) => {
                    return match statements.is_empty() {
                        true => statements_and_value(Expr::Block(inner)),
                        false => (statements, Some(Expr::Block(inner))),
                    };
                }
                Some(Stmt::Expr(value, None)) => Some(value),
                Some(Stmt::Macro(last)) if last.semi_token.is_none() => {
                    let tokens = last.mac;
                    Some(parse_quote!(#tokens))
                }
                last => {
                    statements.extend(last);
                    None
                }
            };
            (statements, value.map(unparenthesized))
        }
        value => (Vec::new(), Some(unparenthesized(value))),
    }
}

fn unparenthesized(value: Expr) -> Expr {
    match value {
        Expr::Paren(inner) => unparenthesized(*inner.expr),
        Expr::Group(inner) => unparenthesized(*inner.expr),
        other => other,
    }
}

fn bare_returns(body: &Expr) -> Vec<ExprReturn> {
    struct Finder(Vec<ExprReturn>);
    impl Visit<'_> for Finder {
        fn visit_expr_return(&mut self, early: &ExprReturn) {
            self.0.extend(early.expr.is_none().then(|| early.clone()));
        }
        fn visit_expr_closure(&mut self, _: &ExprClosure) {}
        fn visit_item(&mut self, _: &Item) {}
    }
    let mut finder = Finder(Vec::new());
    finder.visit_expr(body);
    finder.0
}

/// Whether an expression contains `return` or `?` of its own.
fn leaves_early(expression: &Expr) -> bool {
    let mut finder = EarlyExits(false);
    finder.visit_expr(expression);
    finder.0
}

struct EarlyExits(bool);

impl Visit<'_> for EarlyExits {
    fn visit_expr_return(&mut self, _: &ExprReturn) {
        self.0 = true;
    }
    fn visit_expr_try(&mut self, _: &ExprTry) {
        self.0 = true;
    }
    fn visit_expr_closure(&mut self, _: &ExprClosure) {}
    fn visit_item(&mut self, _: &Item) {}
}
