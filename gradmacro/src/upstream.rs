//! Whether the gradients of a rule depend on the upstream gradient, as the chain rule says that they do.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{BinOp, Expr, Lit, Local, PatIdent, Stmt};

use crate::lets::{Statement, mentions};
use crate::model::{Gradients, Rule};
use crate::values::{for_each_value_of, is_none};

/// The gradients that never use an upstream gradient, and are neither `None` nor visibly zero.
pub(crate) fn constant_gradients(rule: &Rule) -> Vec<Expr> {
    let mut dependent = Names(Vec::new());
    rule.parameters.iter().for_each(|(pattern, _)| dependent.visit_pat(pattern));
    for statement in &rule.statements {
        match statement {
            Statement::Always(statement) if dependent.are_mentioned(statement) => dependent.visit_stmt(statement),
            Statement::IfNeeded(inner) if dependent.are_mentioned(&inner.value) => dependent.visit_pat(&inner.pattern),
            _ => {}
        }
    }
    let is_constant = |gradient: &&Expr| !dependent.are_mentioned(gradient);
    match &rule.gradients {
        Gradients::Split(gradients) => {
            let gradients = gradients.iter().map(|(gradient, _)| gradient).filter(is_constant);
            gradients.filter(|gradient| !is_zero(gradient)).cloned().collect()
        }
        Gradients::Whole { value, .. } if is_constant(&&**value) => {
            let mut all_zero = true;
            for_each_value_of(value, &mut |value| all_zero &= parts(value).iter().all(|part| is_zero(part)));
            if all_zero { Vec::new() } else { vec![(**value).clone()] }
        }
        _ => Vec::new(),
    }
}

struct Names(Vec<Ident>);

impl Names {
    fn are_mentioned(&self, tokens: &impl ToTokens) -> bool {
        let tokens = tokens.to_token_stream();
        self.0.iter().any(|name| mentions(&tokens, &name.to_string()))
    }
}

/// What a statement that uses the upstream gradient binds, and every local that it may change.
impl Visit<'_> for Names {
    fn visit_stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Local(Local { pat, .. }) => self.visit_pat(pat),
            other => syn::visit::visit_stmt(self, other),
        }
    }
    fn visit_pat_ident(&mut self, binding: &PatIdent) {
        self.0.push(binding.ident.clone());
    }
    fn visit_expr_path(&mut self, path: &syn::ExprPath) {
        self.0.extend(path.path.get_ident().cloned());
    }
}

/// The gradients that a value is made of.
fn parts(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        Expr::Array(array) => array.elems.iter().collect(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.path.is_ident("Ok") => call.args.iter().flat_map(parts).collect(),
            _ => vec![value],
        },
        _ => vec![value],
    }
}

/// Whether a gradient is visibly none or zero: `None`, `0.0`, `tf::zeros_like(x)`, `tf::constant(0.0)`.
fn is_zero(gradient: &Expr) -> bool {
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
                Some("constant" | "scalar" | "from" | "Some") => call.args.iter().all(is_zero),
                _ => false,
            }
        }
        Expr::Binary(product) if matches!(product.op, BinOp::Mul(_)) => {
            is_zero(&product.left) || is_zero(&product.right)
        }
        Expr::MethodCall(call) => call.method == "into" && is_zero(&call.receiver),
        Expr::Reference(reference) => is_zero(&reference.expr),
        Expr::Paren(inner) => is_zero(&inner.expr),
        other => is_none(other),
    }
}
