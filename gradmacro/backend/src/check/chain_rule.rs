//! Whether the gradients of a rule depend on the upstream gradient, as the chain rule says that they do.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{BinOp, Expr, Item, Lit, Local, Macro, Pat, Stmt};

use crate::model::lazy_lets::Statement;
use crate::model::rule::{Gradients, Rule};
use crate::syntax::effects::has_no_effect;
use crate::syntax::mention::Mentioned;
use crate::syntax::patterns;
use crate::syntax::values::{for_each_value_of, is_none};

/// The gradients that never use an upstream gradient, and are neither `None` nor visibly zero.
pub(crate) fn constant_gradients(rule: &Rule) -> Vec<Expr> {
    let mut known = Known::default();
    rule.parameters.iter().for_each(|(pattern, _)| known.bind(pattern, Depends::OnUpstream));
    for statement in &rule.statements {
        match statement {
            Statement::Always(statement) => known.statement(statement),
            Statement::IfNeeded(inner) => known.bind(&inner.pattern, known.of(&inner.value)),
        }
    }
    let is_constant = |gradient: &Expr| known.of(gradient) == Depends::OnNothing;
    match &rule.gradients {
        Gradients::Split(gradients) => {
            gradients.iter().map(|(gradient, _)| gradient).filter(|gradient| is_constant(gradient)).cloned().collect()
        }
        Gradients::Whole { value, .. } => {
            let mut ends: Vec<Vec<Expr>> = Vec::new();
            for_each_value_of(value, &mut |end| ends.push(parts(end).into_iter().cloned().collect()));
            // A failure gives no gradients.
            ends.retain(|end| !end.is_empty());
            let most = ends.iter().map(Vec::len).max().unwrap_or(0);
            let at = |position: usize| ends.iter().filter_map(move |end| end.get(position));
            let is_constant_at = |position: &usize| {
                at(*position).any(&is_constant) && at(*position).all(|part| known.of(part) != Depends::OnUpstream)
            };
            // What locals inside the value depend on is not known.
            let is_certain = !has_locals(value) || known.of(value) != Depends::OnUpstream;
            let constant =
                (0..most).filter(is_constant_at).filter_map(|position| at(position).find(|part| is_constant(part)));
            if is_certain { constant.cloned().collect() } else { Vec::new() }
        }
        Gradients::Missing => Vec::new(),
    }
}

/// What a value depends on, as far as the syntax tells.
#[derive(Clone, Copy, PartialEq)]
enum Depends {
    /// Perhaps.
    OnUpstream,
    OnNothing,
    /// It is none or zero, whatever comes in.
    IsZero,
}

/// The locals of a rule, the last of each name being the one that counts.
#[derive(Default)]
struct Known(Vec<(String, Depends)>);

impl Known {
    fn bind(&mut self, pattern: &Pat, depends: Depends) {
        self.0.extend(patterns::names(pattern).into_iter().map(|name| (name.to_string(), depends)));
    }

    fn named(&self, name: &str) -> Option<Depends> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, depends)| *depends)
    }

    fn of(&self, value: &Expr) -> Depends {
        const ZEROS: [&str; 5] = ["None", "zeros", "zeros_like", "fill", "NotImplemented"];
        let is_zero_here = |name: &Ident| self.named(&name.to_string()) == Some(Depends::IsZero);
        let mentioned = Mentioned::among(value);
        let depends_on =
            |(name, _): &(String, Depends)| self.named(name) == Some(Depends::OnUpstream) && mentioned.contains(name);
        let is_made_of_zero =
            |(name, _): &(String, Depends)| self.named(name) == Some(Depends::IsZero) && mentioned.contains(name);
        match value {
            // What a macro of the user's expands to is not seen.
            value if self.0.iter().any(depends_on) || has_macro(value) => Depends::OnUpstream,
            // However it is made of zeros, it is not for the macro to judge.
            value if is_zero(value, &is_zero_here) => Depends::IsZero,
            _ if ZEROS.iter().any(|zero| mentioned.contains(zero)) => Depends::IsZero,
            _ if self.0.iter().any(is_made_of_zero) => Depends::IsZero,
            _ => Depends::OnNothing,
        }
    }

    /// A `let` of a plain value binds what that depends on. Any other statement with the upstream gradient in it may have
    /// put that anywhere, by a reference, a closure or an assignment.
    fn statement(&mut self, statement: &Stmt) {
        let mentioned = Mentioned::among(statement);
        let has_upstream =
            self.0.iter().any(|(name, depends)| *depends == Depends::OnUpstream && mentioned.contains(name));
        match statement {
            Stmt::Local(Local { pat, init: Some(init), .. }) => {
                let depends = self.of(&init.expr);
                if has_upstream && !has_no_effect(&init.expr) {
                    self.spread();
                }
                self.bind(pat, depends);
            }
            // What is bound later, and what an inner function does, is not followed.
            Stmt::Local(Local { pat, .. }) => self.bind(pat, Depends::OnUpstream),
            Stmt::Item(Item::Fn(function)) => self.0.push((function.sig.ident.to_string(), Depends::OnUpstream)),
            _ if has_upstream => self.spread(),
            _ => {}
        }
    }

    fn spread(&mut self) {
        self.0.iter_mut().for_each(|(_, depends)| *depends = Depends::OnUpstream);
    }
}

/// Whether a macro that is not std's makes a part of a value.
fn has_macro(value: &Expr) -> bool {
    struct Macros(bool);
    impl Visit<'_> for Macros {
        fn visit_macro(&mut self, tokens: &Macro) {
            let last = tokens.path.segments.last().map(|last| last.ident.to_string());
            self.0 |= !matches!(last.as_deref(), Some("vec" | "format" | "assert" | "assert_eq" | "println"));
        }
    }
    let mut macros = Macros(false);
    macros.visit_expr(value);
    macros.0
}

/// Whether a value is made with `let`s of its own.
fn has_locals(value: &Expr) -> bool {
    struct Locals(bool);
    impl Visit<'_> for Locals {
        fn visit_local(&mut self, _: &Local) {
            self.0 = true;
        }
    }
    let mut locals = Locals(false);
    locals.visit_expr(value);
    locals.0
}

/// The gradients that a value is made of.
fn parts(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.path.is_ident("Ok") => call.args.iter().flat_map(parts).collect(),
            Expr::Path(path) if path.path.is_ident("Err") => Vec::new(),
            _ => vec![value],
        },
        _ => vec![value],
    }
}

/// Whether a gradient is visibly none or zero: `None`, `0.0`, `tf::zeros_like(x)`, `tf::constant(0.0)`, `x * 0.0`, or a
/// local that is.
fn is_zero(gradient: &Expr, is_zero_local: &dyn Fn(&Ident) -> bool) -> bool {
    match gradient {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(number) => number.base10_parse::<f64>().is_ok_and(|number| number.abs() < f64::MIN_POSITIVE),
            Lit::Int(number) => number.base10_parse::<u64>().is_ok_and(|number| number == 0),
            _ => false,
        },
        Expr::Call(call) => {
            let name = match &*call.func {
                Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
                _ => None,
            };
            match name.as_deref() {
                Some("zeros" | "zeros_like") => true,
                // An empty list.
                Some("new") => call.args.is_empty(),
                Some("constant" | "scalar" | "from" | "of" | "Some") => {
                    call.args.iter().all(|argument| is_zero(argument, is_zero_local))
                }
                _ => false,
            }
        }
        Expr::Binary(product) if matches!(product.op, BinOp::Mul(_)) => {
            is_zero(&product.left, is_zero_local) || is_zero(&product.right, is_zero_local)
        }
        Expr::MethodCall(call) => call.method == "into" && is_zero(&call.receiver, is_zero_local),
        Expr::Array(array) => array.elems.iter().all(|part| is_zero(part, is_zero_local)),
        Expr::Unary(inner) => is_zero(&inner.expr, is_zero_local),
        Expr::Reference(reference) => is_zero(&reference.expr, is_zero_local),
        Expr::Paren(inner) => is_zero(&inner.expr, is_zero_local),
        Expr::Path(path) if path.path.get_ident().is_some_and(is_zero_local) => true,
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "ZERO") || is_none(gradient),
        _ => false,
    }
}
