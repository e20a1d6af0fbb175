//! The values that a `grad` may end with: a literal `None` for no gradient, `Ok(…)` where it can fail.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprClosure, ExprReturn, Item, Macro, Stmt, parse_quote_spanned};

use crate::names;
use crate::syntax::groups::peeled;

/// Whether a gradient is the literal `None`.
pub(crate) fn is_none(gradient: &Expr) -> bool {
    matches!(peeled(gradient), Expr::Path(path) if path.path.is_ident("None"))
}

/// Whether an expression names a variant such as `Ok`, or a path to it.
pub(crate) fn is_variant(function: &Expr, name: &str) -> bool {
    matches!(function, Expr::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

/// Calls `visit` on every expression whose value a body may end with, the operands of `return` included.
fn for_each_value(body: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    struct Returned<'a>(&'a mut dyn FnMut(&mut Expr));
    impl VisitMut for Returned<'_> {
        fn visit_expr_return_mut(&mut self, early: &mut ExprReturn) {
            if let Some(value) = &mut early.expr {
                last_values(value, self.0);
            }
        }
        fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    fn last_values(value: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
        let mut last_of = |block: &mut Block| {
            if let Some(Stmt::Expr(value, None)) = block.stmts.last_mut() {
                last_values(value, visit);
            }
        };
        match value {
            Expr::Block(inner) => last_of(&mut inner.block),
            Expr::If(inner) => {
                last_of(&mut inner.then_branch);
                if let Some((_, otherwise)) = &mut inner.else_branch {
                    last_values(otherwise, visit);
                }
            }
            Expr::Match(inner) => inner.arms.iter_mut().for_each(|arm| last_values(&mut arm.body, visit)),
            Expr::Paren(inner) => last_values(&mut inner.expr, visit),
            other => visit(other),
        }
    }
    Returned(visit).visit_expr_mut(body);
    last_values(body, visit);
}

/// As [`for_each_value`], of a body that stays as it is.
pub(crate) fn for_each_value_of(body: &Expr, visit: &mut dyn FnMut(&Expr)) {
    for_each_value(&mut body.clone(), &mut |value| visit(value));
}

/// Whether types are written in a path, as in `Ok::<_, String>`.
fn has_types(path: &Expr) -> bool {
    matches!(path, Expr::Path(path) if path.path.segments.iter().any(|segment| !segment.arguments.is_empty()))
}

/// Whether a body ends with `Ok(…)` somewhere, whose error has no type yet.
pub(crate) fn ends_with_ok(body: &Expr) -> bool {
    let mut found = false;
    for_each_value_of(body, &mut |value| {
        found |= matches!(value, Expr::Call(call) if is_variant(&call.func, "Ok") && !has_types(&call.func));
    });
    found
}

/// Converts what stands in `Err(…)` where no type is declared for it, as `?` does, and what macros such as
/// `anyhow::bail!` return.
pub(crate) fn with_converted_errors(body: &mut Expr) {
    for_each_value(body, &mut |value| match value {
        Expr::Call(call) if is_variant(&call.func, "Err") => {
            call.args.iter_mut().filter(|error| !is_converted(error)).for_each(|error| {
                *error = parse_quote_spanned!(error.span()=> ::core::convert::Into::into(#error));
            });
        }
        _ => {}
    });
    Bailing.visit_expr_mut(body);
}

/// Gives the error of a macro the type that the macro gives it, in a closure of its own. Such macros are known by the names
/// that the crates of errors have for them; any other may leave the type open.
struct Bailing;

impl Bailing {
    fn caught(tokens: &Macro) -> Option<Expr> {
        let last = &tokens.path.segments.last()?.ident;
        let place = names::at(last.span());
        match last.to_string().as_str() {
            "bail" => Some(parse_quote_spanned! {place=>
                match (|| -> ::core::result::Result<::core::convert::Infallible, _> { #tokens })() {
                    ::core::result::Result::Ok(never) => match never {},
                    ::core::result::Result::Err(error) => {
                        return ::core::result::Result::Err(::core::convert::Into::into(error))
                    }
                }
            }),
            "ensure" if tokens.path.segments.len() > 1 || has_comma(&tokens.tokens) => {
                Some(parse_quote_spanned! {place=>
                    (|| {
                        #tokens;
                        ::core::result::Result::Ok(())
                    })()?
                })
            }
            _ => None,
        }
    }
}

/// Whether there is a message besides the condition.
fn has_comma(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
}

impl VisitMut for Bailing {
    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::Macro(called) => {
                if let Some(caught) = Self::caught(&called.mac) {
                    *statement = Stmt::Expr(caught, called.semi_token);
                }
            }
            other => visit_mut::visit_stmt_mut(self, other),
        }
    }
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Macro(called) => *expression = Self::caught(&called.mac).unwrap_or_else(|| expression.clone()),
            other => visit_mut::visit_expr_mut(self, other),
        }
    }
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn is_converted(error: &Expr) -> bool {
    matches!(error, Expr::MethodCall(call) if call.method == "into")
}

/// A literal `None` among the gradients has no type that Rust could infer: writes `none` for it.
pub(crate) fn with_typed_none(body: &mut Expr, none: &Expr) {
    fn write(value: &mut Expr, none: &Expr) {
        match value {
            Expr::Call(call) if is_variant(&call.func, "Ok") => {
                call.args.iter_mut().for_each(|value| write(value, none));
            }
            Expr::Tuple(tuple) => tuple.elems.iter_mut().for_each(|part| write(part, none)),
            value if is_none(value) => *value = none.clone(),
            _ => {}
        }
    }
    for_each_value(body, &mut |value| write(value, none));
}
