//! Where one truth value is expected, a comparison of tensors has one for each element.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{BinOp, Block, Expr, ExprBinary, ItemFn};

use crate::model::{Form, GradFn};
use crate::report::Report;
use crate::syntax::groups::peeled;
use crate::syntax::scope::{Handler, Scopes, Walker};
use crate::syntax::types::is_tensor;

/// Reports such comparisons in a function as it was written.
pub(super) fn check(model: &GradFn, function: &ItemFn, report: &mut Report) {
    if matches!(model.form, Form::Arrays(_) | Form::Elementwise(_)) || !expects_truth(&function.block) {
        return;
    }
    let tensors = model.parameters.iter().filter(|parameter| is_tensor(&parameter.ty).is_some());
    let tensors: Vec<Ident> = tensors.map(|parameter| parameter.name.clone()).collect();
    let mut scopes = Scopes::default();
    scopes.bind_parameters(&function.sig);
    let mut finder = TruthValues { tensors: &tensors, report };
    Walker::new(&mut finder, scopes).visit_block_mut(&mut function.block.clone());
}

/// Whether one truth value is expected anywhere.
fn expects_truth(body: &Block) -> bool {
    struct Expected(bool);
    impl Visit<'_> for Expected {
        fn visit_expr(&mut self, expression: &Expr) {
            self.0 |= match expression {
                Expr::If(_) | Expr::While(_) => true,
                Expr::Binary(binary) => matches!(binary.op, BinOp::And(_) | BinOp::Or(_)),
                _ => false,
            };
            visit::visit_expr(self, expression);
        }
    }
    let mut expected = Expected(false);
    expected.visit_block(body);
    expected.0
}

struct TruthValues<'a> {
    /// The parameters that are tensors.
    tensors: &'a [Ident],
    report: &'a mut Report,
}

impl TruthValues<'_> {
    fn compares_tensors(&self, expression: &Expr, scopes: &Scopes) -> bool {
        let is_tensor = |operand: &Expr| match peeled(operand) {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|name| scopes.is_parameter(name) && self.tensors.contains(name))
            }
            _ => false,
        };
        match peeled(expression) {
            Expr::Binary(binary) => {
                let is_comparison = matches!(
                    binary.op,
                    BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_)
                );
                is_comparison && (is_tensor(&binary.left) || is_tensor(&binary.right))
            }
            _ => false,
        }
    }

    fn condition(&mut self, condition: &Expr, scopes: &Scopes) {
        if self.compares_tensors(condition, scopes) {
            let found = condition.to_token_stream();
            self.report.error(
                condition,
                format_args!("`{found}` is true or false for each element, not once; write `tf::where_({found}, …, …)`, or compare one number, as in `x.item() > 0.0`"),
            );
        }
    }
}

impl Handler for TruthValues<'_> {
    /// They are looked at by themselves, with their own parameters.
    fn enters_closures(&self) -> bool {
        false
    }

    fn expression(&mut self, expression: &mut Expr, scopes: &Scopes) -> bool {
        match expression {
            Expr::If(branch) => self.condition(&branch.cond, scopes),
            Expr::While(repeated) => self.condition(&repeated.cond, scopes),
            Expr::Binary(ExprBinary { left, op: op @ (BinOp::And(_) | BinOp::Or(_)), right, .. })
                if self.compares_tensors(left, scopes) || self.compares_tensors(right, scopes) =>
            {
                let (operator, left, right) = (op.to_token_stream(), left.to_token_stream(), right.to_token_stream());
                let one = if operator.to_string() == "&&" { "&" } else { "|" };
                self.report.error(
                    *op,
                    format_args!("`{operator}` joins two truth values, and comparisons of tensors have one for each element; write `({left}) {one} ({right})`"),
                );
            }
            _ => {}
        }
        false
    }
}
