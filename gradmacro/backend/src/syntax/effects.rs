//! What the syntax shows an expression to do besides its value.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprBinary, ExprCall, ExprMethodCall, ExprReference, Macro, Path, PathSegment, Stmt, Token};

use crate::syntax::mention::Mentioned;

/// Whether the syntax shows no effect of an expression besides its value. A function or method that is called is taken at
/// its word, unless it is called on a static, or tells by its name, or draws random numbers.
pub(crate) fn has_no_effect(expression: &Expr) -> bool {
    let mut effects = Effects(false);
    effects.visit_expr(expression);
    !effects.0 && !draws(expression)
}

/// Whether a method is named as those are that change what is behind a shared reference.
fn looks_like_a_mutation(method: &str) -> bool {
    const TELLING: [&str; 12] = [
        "borrow_mut",
        "get_or_init",
        "lock",
        "pop",
        "push",
        "replace",
        "send",
        "set",
        "swap",
        "take",
        "update",
        "write",
    ];
    TELLING.contains(&method) || method.starts_with("fetch_")
}

/// Whether an expression is a static, or a part of one.
fn is_static(receiver: &Expr) -> bool {
    match receiver {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            !name.contains(char::is_lowercase) && name.contains(char::is_uppercase)
        }),
        Expr::Field(field) => is_static(&field.base),
        Expr::Index(index) => is_static(&index.expr),
        Expr::Paren(inner) => is_static(&inner.expr),
        Expr::Reference(inner) => is_static(&inner.expr),
        Expr::Unary(inner) => is_static(&inner.expr),
        _ => false,
    }
}

struct Effects(bool);

impl Visit<'_> for Effects {
    fn visit_expr(&mut self, expression: &Expr) {
        self.0 |= matches!(
            expression,
            Expr::Assign(_)
                | Expr::Await(_)
                | Expr::ForLoop(_)
                | Expr::Loop(_)
                | Expr::Unsafe(_)
                | Expr::Verbatim(_)
                | Expr::While(_)
        );
        visit::visit_expr(self, expression);
    }
    fn visit_expr_binary(&mut self, binary: &ExprBinary) {
        self.0 |= !matches!(
            binary.op,
            BinOp::Add(_)
                | BinOp::Sub(_)
                | BinOp::Mul(_)
                | BinOp::Div(_)
                | BinOp::Rem(_)
                | BinOp::And(_)
                | BinOp::Or(_)
                | BinOp::BitAnd(_)
                | BinOp::BitOr(_)
                | BinOp::BitXor(_)
                | BinOp::Shl(_)
                | BinOp::Shr(_)
        );
        visit::visit_expr_binary(self, binary);
    }
    fn visit_expr_reference(&mut self, reference: &ExprReference) {
        self.0 |= reference.mutability.is_some();
        visit::visit_expr_reference(self, reference);
    }
    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        self.0 |= is_static(&call.receiver) || looks_like_a_mutation(&call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }
    fn visit_stmt(&mut self, statement: &Stmt) {
        self.0 |= !matches!(statement, Stmt::Local(_) | Stmt::Expr(_, None));
        visit::visit_stmt(self, statement);
    }
    fn visit_macro(&mut self, tokens: &Macro) {
        let is_value = |name: &Ident| name == "vec" || name == "format" || name == "matches";
        let is_known = tokens.path.segments.last().is_some_and(|last| is_value(&last.ident));
        let arguments = tokens.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        match arguments {
            Ok(arguments) if is_known => arguments.iter().for_each(|argument| self.visit_expr(argument)),
            // `vec![x; n]`, patterns, and macros that are not known.
            _ => self.0 |= !is_known || tokens.tokens.to_string().contains("fetch_"),
        }
    }
}

/// Whether an expression visibly draws random numbers: what one draws, the next does not get.
pub(crate) fn draws(expression: &Expr) -> bool {
    let mut draws = Draws(false);
    draws.visit_expr(expression);
    draws.0
}

/// Modules and crates of random numbers.
const SOURCES: [&str; 3] = ["random", "rand", "fastrand"];
/// The functions of `tf::random`, which may be called by an imported name.
const DRAWING: [&str; 2] = ["normal", "uniform"];

struct Draws(bool);

impl Visit<'_> for Draws {
    fn visit_path(&mut self, path: &Path) {
        let names_source = |segment: &PathSegment| SOURCES.iter().any(|source| segment.ident == source);
        self.0 |= path.segments.len() > 1 && path.segments.iter().any(names_source);
        visit::visit_path(self, path);
    }
    fn visit_expr_call(&mut self, call: &ExprCall) {
        let last = match &*call.func {
            Expr::Path(path) => path.path.segments.last(),
            _ => None,
        };
        self.0 |= last.is_some_and(|last| DRAWING.iter().any(|name| last.ident == name));
        visit::visit_expr_call(self, call);
    }
    fn visit_macro(&mut self, tokens: &Macro) {
        let mentioned = Mentioned::among(&tokens.tokens);
        self.0 |= SOURCES.iter().chain(&DRAWING).any(|name| mentioned.contains(name));
    }
}
