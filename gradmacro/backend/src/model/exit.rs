//! The exits of a function: where it returns the pair of a value and the rule for its gradient.

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprClosure, ExprReturn, ExprTuple, Item, Macro, Stmt};

use crate::model::hole::Hole;
use crate::report::Report;
use crate::syntax::groups::peeled;
use crate::syntax::values::is_variant;

/// A pair `(value, grad)`.
pub(crate) struct Exit {
    pub(crate) value: Expr,
    pub(crate) rule: Rule,
    /// Whether making the value may change something that a rule captures.
    pub(crate) changes_captures: bool,
}

/// The second half of a pair.
pub(crate) enum Rule {
    /// A closure bound by `let`, or an inner function.
    Named(Ident),
    /// A closure written in the pair; later, its number among the rules.
    InPlace(Box<ExprClosure>),
    Found(usize),
}

/// Takes the pairs out of a body, and leaves holes.
///
/// Input: `{ let y = …; if c { return (y, grad); } (z, |dy| dy) }`
///
/// Output: `{ let y = …; if c { return ⟨exit 0⟩; } ⟨exit 1⟩ }`, and the two pairs.
pub(crate) fn take_exits(body: &mut Block, returns_result: bool, report: &mut Report) -> Vec<Exit> {
    let mut taker = Taker { returns_result, exits: Vec::new(), report };
    taker.visit_block_mut(body);
    taker.block(body);
    taker.exits
}

struct Taker<'a> {
    /// Whether the pair is expected in `Ok(…)`.
    returns_result: bool,
    exits: Vec<Exit>,
    report: &'a mut Report,
}

const PAIR: &str = "expected the pair `(value, grad)`, where `grad` is a closure such as `|dy| dy * 2.0`";

const REWRITTEN: &str = ", which an attribute above `#[custom_gradient]` seems to have made of the body; put `#[custom_gradient]` first, so that it sees the function as it is written";

/// Whether an expression looks as if an attribute had made it: a name that nobody gives, or a closure that is called at once.
fn is_of_an_attribute(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path.path.get_ident().is_some_and(|name| name.to_string().starts_with("__")),
        Expr::Call(call) => matches!(peeled(&call.func), Expr::Closure(_)) || is_of_an_attribute(&call.func),
        Expr::Await(_) | Expr::Async(_) => true,
        Expr::MethodCall(call) => is_of_an_attribute(&call.receiver),
        _ => false,
    }
}

impl Taker<'_> {
    /// A block in exit position: its last expression is an exit.
    fn block(&mut self, block: &mut Block) {
        match block.stmts.last_mut() {
            Some(Stmt::Expr(expression, None)) => self.exit(expression),
            Some(Stmt::Macro(last)) if last.semi_token.is_none() => self.called(&last.mac),
            Some(
                Stmt::Expr(Expr::Return(_) | Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_), Some(_))
                | Stmt::Macro(_),
            ) => {}
            // A `match` of `return`s may end in a semicolon.
            Some(Stmt::Expr(Expr::Match(_) | Expr::If(_), Some(_))) if !self.exits.is_empty() => {}
            Some(Stmt::Expr(Expr::Tuple(_), Some(semicolon))) => {
                self.report.error(semicolon, "this semicolon turns the pair `(value, grad)` into nothing; remove it");
            }
            last => self.report.error(
                last.map_or_else(|| quote!({}), |last| last.to_token_stream()),
                format_args!("{PAIR}, at the end of the function"),
            ),
        }
    }

    fn exit(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Paren(inner) => self.exit(&mut inner.expr),
            Expr::Block(inner) => self.block(&mut inner.block),
            Expr::Unsafe(inner) => self.block(&mut inner.block),
            Expr::If(inner) => {
                self.block(&mut inner.then_branch);
                match &mut inner.else_branch {
                    Some((_, otherwise)) => self.exit(otherwise),
                    None => self.report.error(inner, format_args!("{PAIR}, on both sides of the `if`; add an `else`")),
                }
            }
            Expr::Match(inner) => inner.arms.iter_mut().for_each(|arm| self.exit(&mut arm.body)),
            // These never come to an end here, and `return` is seen on its own.
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) | Expr::Loop(_) => {}
            Expr::Macro(called) => self.called(&called.mac),
            Expr::Call(call) if self.returns_result && is_variant(&call.func, "Err") => {}
            Expr::Try(attempt) if matches!(&*attempt.expr, Expr::Call(call) if is_variant(&call.func, "Err")) => {}
            Expr::Call(call) if self.returns_result && is_variant(&call.func, "Ok") && call.args.len() == 1 => {
                self.returns_result = false;
                self.exit(&mut call.args[0]);
                self.returns_result = true;
            }
            Expr::Tuple(pair) if self.returns_result => {
                self.report.error(
                    &*pair,
                    "the function returns a `Result`, so the pair stands in `Ok(…)`: write `Ok((value, grad))`",
                );
            }
            Expr::Tuple(pair) if pair.elems.len() == 2 => {
                if let Some(exit) = self.pair(pair) {
                    self.exits.push(exit);
                    *expression = Hole::Exit(self.exits.len() - 1).into_expr();
                }
            }
            Expr::Tuple(tuple) => {
                let found = tuple.elems.len();
                let hint =
                    if found > 2 { "; several outputs stand in a tuple of their own: `((a, b), grad)`" } else { "" };
                self.report.error(tuple, format_args!("{PAIR}, found a tuple of {found}{hint}"));
            }
            Expr::Call(call) if !self.returns_result && is_variant(&call.func, "Ok") => {
                self.report.error(
                    &*call,
                    "`Ok(…)` stands in a function whose return type is written as `Result<…>`: the macro does not see through an alias; write `-> Result<Tensor, …>`",
                );
            }
            other => {
                let hint = if self.returns_result { ", in `Ok(…)`" } else { "" };
                let found = shortened(other);
                let rewritten = if is_of_an_attribute(other) { REWRITTEN } else { "" };
                self.report.error(&*other, format_args!("{PAIR}{hint}, found `{found}`{rewritten}"));
            }
        }
    }

    /// A macro may end the function by a panic or a `return`. What else it gives is not known here.
    fn called(&mut self, called: &Macro) {
        const ENDING: [&str; 9] =
            ["abort", "bail", "compile_error", "exit", "fail", "panic", "todo", "unimplemented", "unreachable"];
        let Some(last) = called.path.segments.last() else { return };
        let name = last.ident.to_string();
        if !ENDING.iter().any(|ending| name.contains(ending)) {
            self.report.error(
                called,
                format_args!("{PAIR}, found the macro `{name}!`, which `#[custom_gradient]` cannot see through; write the pair out, or, if the macro always returns or panics, put a semicolon after it"),
            );
        }
    }

    fn pair(&mut self, pair: &ExprTuple) -> Option<Exit> {
        let (value, rule) = (&pair.elems[0], peeled(&pair.elems[1]));
        if matches!(peeled(value), Expr::Closure(_)) {
            self.report.error(pair, "the pair is swapped; expected `(value, grad)`, found `(grad, value)`");
            return None;
        }
        let rule = match rule {
            Expr::Closure(closure) => Rule::InPlace(Box::new(closure.clone())),
            Expr::Path(path) if path.path.get_ident().is_some_and(|name| name != "None") => {
                Rule::Named(path.path.require_ident().ok()?.clone())
            }
            Expr::Path(path) if path.path.is_ident("None") => {
                self.report.error(
                    path,
                    "expected `grad`, found `None`; for a function through which no gradient flows write `|_| None`",
                );
                return None;
            }
            other => {
                let found = shortened(other);
                self.report.error(
                    other,
                    format_args!(
                        "expected `grad`: a closure such as `|dy| dy * 2.0`, or the name of one, found `{found}`"
                    ),
                );
                return None;
            }
        };
        Some(Exit { value: value.clone(), rule, changes_captures: false })
    }
}

/// Finds the early exits.
impl VisitMut for Taker<'_> {
    fn visit_expr_return_mut(&mut self, early: &mut ExprReturn) {
        visit_mut::visit_expr_return_mut(self, early);
        match &mut early.expr {
            Some(value) => self.exit(value),
            None => self.report.error(early, format_args!("{PAIR}, found nothing")),
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// Source text, cut to what fits into a message.
fn shortened(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
