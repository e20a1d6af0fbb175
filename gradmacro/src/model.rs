//! What an annotated function is: the original syntax, taken apart, with every default resolved.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Block, Expr, ExprClosure, ExprReturn, ExprTry, FnArg, GenericArgument, Item, ItemFn, Local, Pat,
    PatType, PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use crate::arrays::Arrays;
use crate::capture::{Captured, captures};
use crate::comparison::Comparisons;
use crate::exit::{self, Exit, Hole};
use crate::names::{self, Contract};
use crate::options::Options;
use crate::report::Report;
use crate::scope::{Handler, Scopes, Walker};

/// An annotated function.
pub(crate) struct GradFn {
    /// Attributes, visibility and signature, as they will be emitted; the body with holes.
    pub(crate) function: ItemFn,
    pub(crate) parameters: Vec<Parameter>,
    /// What a pair's value must be: the return type, or what is in its `Result`.
    pub(crate) output: Option<Type>,
    /// The types of the outputs, where the syntax shows them.
    pub(crate) outputs: Option<Vec<Type>>,
    pub(crate) variables: Vec<Expr>,
    pub(crate) exits: Vec<Exit>,
    pub(crate) rules: Vec<Rule>,
    /// The names that rules are bound to.
    pub(crate) rule_names: Vec<Ident>,
    /// Where the body uses a rule otherwise than in a pair.
    pub(crate) rules_used: Vec<Ident>,
    pub(crate) contract: Contract,
    /// What the body sees with the option `arrays`.
    pub(crate) arrays: Option<Arrays>,
    /// Whether the user wrote `#[track_caller]`.
    pub(crate) tracks_caller: bool,
}

/// A parameter other than `self`.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// As messages call it.
    pub(crate) shown: String,
    pub(crate) ty: Type,
    pub(crate) kind: ParameterKind,
    /// Its attributes that set lints.
    pub(crate) lints: Vec<Attribute>,
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
    /// A pattern that takes a constant apart.
    Constant,
}

/// A `grad`.
pub(crate) struct Rule {
    /// For messages: the closure or function as it was written.
    pub(crate) written: TokenStream,
    /// One for each output, with its type where the user wrote one.
    pub(crate) parameters: Vec<(Pat, Option<Type>)>,
    /// What stands before the gradients.
    pub(crate) statements: Vec<Stmt>,
    pub(crate) gradients: Gradients,
    pub(crate) captures: Vec<Captured>,
    /// What a `grad` cannot be, with the words that say so.
    pub(crate) refused: Vec<(TokenStream, &'static str)>,
}

/// The value of a `grad`.
pub(crate) enum Gradients {
    /// One expression for each gradient, each with the type that an inner `fn` declares.
    Split(Vec<(Expr, Option<Type>)>),
    /// One expression for all, because the syntax does not show where one ends, with the type that an inner `fn`
    /// declares. With `early`, it is left by `return`.
    Whole { value: Box<Expr>, declared: Option<Box<Type>>, early: bool },
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
    pub(crate) fn new(
        options: Options,
        contract: Contract,
        arrays: Option<Arrays>,
        mut function: ItemFn,
        report: &mut Report,
    ) -> Self {
        let Options { variables, .. } = options;
        let parameters = parameters(&mut function, &variables, report);
        let (output, returns_result) = match &function.sig.output {
            ReturnType::Default => (None, false),
            ReturnType::Type(_, ty) => match in_result(ty) {
                Some(value) => (Some(value), true),
                None => (Some((**ty).clone()), false),
            },
        };
        let outputs = output.as_ref().and_then(|output| match output {
            Type::Tuple(tuple) => Some(tuple.elems.iter().cloned().collect()),
            _ => is_tensor(output).map(|_| vec![output.clone()]),
        });
        let mut exits = match output {
            Some(_) => exit::take_exits(&mut function.block, returns_result, report),
            None => Vec::new(),
        };
        // Among arrays and their elements every comparison is Rust's own.
        if arrays.is_none() {
            compare_tensors(&mut function, &mut exits, &contract);
        }
        let TakenRules { rules, names: rule_names, used: rules_used } = take_rules(&mut function, &mut exits);
        let tracks_caller = function.attrs.iter().any(|attribute| attribute.path().is_ident("track_caller"));
        GradFn {
            function,
            parameters,
            output,
            outputs,
            variables,
            exits,
            rules,
            rule_names,
            rules_used,
            contract,
            arrays,
            tracks_caller,
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
        let (name, constant) = match &mut **pat {
            Pat::Ident(binding) => (binding.ident.clone(), false),
            pat @ Pat::Wild(_) => {
                let name = names::unnamed_parameter(index);
                *pat = parse_quote!(#name);
                (name, false)
            }
            _ => (format_ident!("_"), true),
        };
        let shown = if constant { shown } else { shown.trim_start_matches("mut ").trim_start_matches("r#").to_owned() };
        let kind = match (constant, marked) {
            (true, _) => ParameterKind::Constant,
            (false, true) => ParameterKind::Nondiff,
            (false, false) => ParameterKind::ByType,
        };
        let lints = attrs.iter().filter(|attribute| is_for_lints(attribute));
        let mentioned = mentions(&body, &name.to_string())
            || variables.iter().any(|place| mentions(&place.to_token_stream(), &name.to_string()));
        let unused = kind != ParameterKind::Constant && !mentioned;
        parameters.push(Parameter { name, shown, ty: (**ty).clone(), kind, lints: lints.cloned().collect(), unused });
    }
    parameters
}

/// Whether a name occurs among tokens, those of format strings included.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        TokenTree::Punct(_) => false,
    })
}

/// The `T` of a `Result<T, …>`.
fn in_result(ty: &Type) -> Option<Type> {
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

/// Makes the comparisons of the body, the exits and their rules those of tensors.
fn compare_tensors(function: &mut ItemFn, exits: &mut [Exit], contract: &Contract) {
    let named = named_rules(exits);
    let mut comparisons = Comparisons { contract, functions: &named };
    comparisons.visit_block_mut(&mut function.block);
    for exit in exits.iter_mut() {
        comparisons.visit_expr_mut(&mut exit.value);
        if let exit::Rule::InPlace(closure) = &mut exit.rule {
            comparisons.visit_expr_closure_mut(closure);
        }
    }
}

/// Takes the rules out of the body and the exits, and leaves holes.
fn take_rules(function: &mut ItemFn, exits: &mut [Exit]) -> TakenRules {
    let named = named_rules(exits);
    let mut scopes = Scopes::default();
    for input in &function.sig.inputs {
        if let FnArg::Typed(input) = input {
            scopes.bind(&input.pat);
        }
    }
    let mut taker = RuleTaker { named, exits, taken: TakenRules::default() };
    Walker { handler: &mut taker, scopes }.visit_block_mut(&mut function.block);
    taker.taken
}

struct RuleTaker<'a> {
    named: Vec<Ident>,
    exits: &'a mut [Exit],
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
                let number = self.take(Rule::of_closure(closure, scopes));
                *init.expr = Hole::Rule(number).into_expr();
                self.taken.names.push(name);
                true
            }
            Stmt::Item(Item::Fn(inner)) if self.named.contains(&inner.sig.ident) => {
                let name = inner.sig.ident.clone();
                let number = self.take(Rule::of_function(inner, scopes));
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
            let rule = Rule::of_closure(closure, scopes);
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
const NO_ATTRIBUTE: &str = "`grad` takes no attribute; for a rule of its own, such as one for the second derivative, define a `#[custom_gradient]` function of everything that it uses, outside, and call that in `grad`";

fn is_for_lints(attribute: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "doc", "inline"].iter().any(|name| attribute.path().is_ident(name))
}

impl Rule {
    fn of_closure(closure: &ExprClosure, around: &Scopes) -> Self {
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
        let mut rule = Rule::new(closure.to_token_stream(), parameters, (*closure.body).clone(), declared, around);
        if let Some(token) = &closure.asyncness {
            rule.refused.push((token.to_token_stream(), NO_ASYNC));
        }
        rule
    }

    fn of_function(function: &ItemFn, around: &Scopes) -> Self {
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
        let mut rule = Rule::new(function.sig.to_token_stream(), parameters, parse_quote!(#block), declared, around);
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
    ) -> Self {
        let early = leaves_early(&body);
        // What `return` leaves must stay in one piece.
        let (mut statements, value) = if early { (Vec::new(), Some(body)) } else { statements_and_value(body) };
        let (split, mut values, types) = match value {
            None => (false, Vec::new(), Vec::new()),
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
        let mut own = Scopes::default();
        parameters.iter().for_each(|(pattern, _)| own.bind(pattern));
        let captures = captures(around, &own, &mut statements, &mut values);
        let gradients = match (split, values.pop()) {
            (true, Some(last)) => Gradients::Split(values.into_iter().chain([last]).zip(types).collect()),
            (_, Some(value)) => Gradients::Whole {
                value: Box::new(value),
                declared: types.into_iter().next().flatten().map(Box::new),
                early,
            },
            (_, None) => Gradients::Missing,
        };
        Rule { written, parameters, statements, gradients, captures, refused: Vec::new() }
    }
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
