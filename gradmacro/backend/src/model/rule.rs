//! A `grad`: taken out of the body, and apart.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Block, Expr, ExprClosure, ExprReturn, ExprTry, FnArg, Item, ItemFn, Pat, ReturnType, Stmt, Type, parse_quote,
};

use crate::model::capture::{Captured, captures, changed_captures};
use crate::model::exit::{self, Exit};
use crate::model::helper::{self, Helper};
use crate::model::lazy_lets::{self, Statement};
use crate::model::outside::{Outside, changed_outside};
use crate::syntax::attributes::is_for_lints;
use crate::syntax::groups::peeled;
use crate::syntax::scope::Scopes;
use crate::syntax::values::{ends_with_ok, is_none};

/// A `grad`.
pub(crate) struct Rule {
    /// The name that it is bound to, if it does not stand in a pair.
    pub(crate) name: Option<Ident>,
    /// Whether it takes functions with it that the closure around it lends to each call. Other parts of the body may call
    /// them too, so such a rule is made after all of these: where it stands, what it captures is kept.
    pub(crate) takes_functions: bool,
    /// The helpers in the body that it makes anew.
    pub(crate) helpers: Vec<Ident>,
    /// For messages: the closure or function as it was written.
    pub(crate) written: TokenStream,
    /// One for each output, with its type where the user wrote one.
    pub(crate) parameters: Vec<(Pat, Option<Type>)>,
    /// What stands before the gradients.
    pub(crate) statements: Vec<Statement>,
    pub(crate) gradients: Gradients,
    /// For each gradient the [`Let`](lazy_lets::Let)s that it uses, by number of the statement.
    pub(crate) uses: Vec<Vec<usize>>,
    pub(crate) captures: Vec<Captured>,
    /// Captures that it assigns to or borrows mutably, and where.
    pub(crate) changed: Vec<(String, TokenStream)>,
    /// What it changes that outlives it.
    pub(crate) outside: Outside,
    /// Its `return`s without a value.
    pub(crate) bare_returns: Vec<ExprReturn>,
    /// What a `grad` cannot be, with the words that say so.
    pub(crate) refused: Vec<(TokenStream, &'static str)>,
}

/// The inputs for which every rule has a literal `None`, as a bit mask: no gradient flows to them.
pub(crate) fn stopped(rules: &[Rule]) -> u64 {
    let of_rule = |rule: &Rule| match &rule.gradients {
        Gradients::Split(gradients) => gradients
            .iter()
            .enumerate()
            .filter(|(_, (gradient, _))| is_none(gradient))
            .fold(0, |mask, (position, _)| mask | 1 << position),
        _ => 0,
    };
    rules.iter().map(of_rule).reduce(|a, b| a & b).unwrap_or(0)
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

/// The names by which the exits call their rules.
pub(crate) fn named_rules(exits: &[Exit]) -> Vec<Ident> {
    let name = |exit: &Exit| match &exit.rule {
        exit::Rule::Named(name) => Some(name.clone()),
        _ => None,
    };
    exits.iter().filter_map(name).collect()
}

/// Rewrites the body, and the parts of exits.
pub(crate) fn rewrite(mut rewriter: impl VisitMut, function: &mut ItemFn, exits: &mut [Exit]) {
    rewriter.visit_block_mut(&mut function.block);
    for exit in exits {
        rewriter.visit_expr_mut(&mut exit.value);
        if let exit::Rule::InPlace(closure) = &mut exit.rule {
            rewriter.visit_expr_closure_mut(closure);
        }
    }
}

/// The body of an inner function that is a rule, and so a part of the function around it.
pub(crate) fn body_of_rule<'i>(item: &'i mut Item, rules: &[Ident]) -> Option<&'i mut Block> {
    match item {
        Item::Fn(function) if rules.contains(&function.sig.ident) => Some(&mut function.block),
        _ => None,
    }
}

/// What the function says of the form of its rules.
#[derive(Clone, Copy)]
pub(crate) struct RuleForm {
    pub(crate) keeping: Keeping,
    /// Whether the one gradient is that of a list or tuple of tensors.
    pub(crate) one_list: bool,
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

const NO_ASYNC: &str = "`grad` cannot be `async`: it runs, and returns its gradients, when a tape asks for them";
const NO_GENERICS: &str = "an inner `grad` takes no generic parameters: it is part of the function around it, and may use that one's; leave lifetimes out";
const NO_ATTRIBUTE: &str = "`grad` takes no attribute; for a rule of its own, such as one for the second derivative, define a `#[custom_gradient]` function of everything that it uses, outside, and call that in `grad`";

impl Rule {
    pub(super) fn of_closure(closure: &ExprClosure, around: &Scopes, helpers: &[Helper], form: RuleForm) -> Self {
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
        let mut rule = Rule::new(
            closure.to_token_stream(),
            parameters,
            (*closure.body).clone(),
            declared,
            (around, helpers),
            form,
        );
        if let Some(token) = &closure.asyncness {
            rule.refused.push((token.to_token_stream(), NO_ASYNC));
        }
        rule
    }

    pub(super) fn of_function(function: &ItemFn, around: &Scopes, helpers: &[Helper], form: RuleForm) -> Self {
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
        let mut rule = Rule::new(
            function.sig.to_token_stream(),
            parameters,
            parse_quote!(#block),
            declared,
            (around, helpers),
            form,
        );
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
        (around, helpers): (&Scopes, &[Helper]),
        form: RuleForm,
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
        let (split, mut values, types) = match split && lazy_lets::change_each_other(&statements, &values) {
            true => (false, vec![tuple_of(values)], vec![declared_whole]),
            false => (split, values, types),
        };
        statements.splice(..0, helpers.iter().map(helper::within_rule));
        let mut own = Scopes::default();
        parameters.iter().for_each(|(pattern, _)| own.bind(pattern));
        let changed = changed_captures(around, &own, &mut statements, &mut values);
        let outside = changed_outside(around, &own, &mut statements, &mut values);
        let captures = captures(around, &own, &mut statements, &mut values);
        let (statements, uses) = match form.keeping {
            Keeping::ByGradient => lazy_lets::plan(statements, &values),
            Keeping::Whole | Keeping::Nothing => lazy_lets::plain(statements, &values),
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
        Rule {
            name: None,
            takes_functions: false,
            helpers: helpers.iter().filter(|helper| !helper.is_macro).map(|helper| helper.name.clone()).collect(),
            written,
            parameters,
            statements,
            gradients,
            uses,
            captures,
            changed,
            outside,
            bare_returns,
            refused: Vec::new(),
        }
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
            (statements, value.map(|value| peeled(&value).clone()))
        }
        value => (Vec::new(), Some(peeled(&value).clone())),
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
