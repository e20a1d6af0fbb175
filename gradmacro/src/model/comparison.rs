//! Comparisons inside an annotated function: element by element for tensors, as always for everything else.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    BinOp, Block, Expr, ExprBinary, ExprConst, ExprRepeat, GenericArgument, Item, ItemFn, Type, parse_quote_spanned,
};

use crate::model::rule::body_of_rule;
use crate::names::Contract;
use crate::report::Report;
use crate::syntax::groups::peeled;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// Rewrites the comparisons of a syntax tree. Nested items keep theirs, apart from the functions named here.
///
/// Input: `x > 0.0`
///
/// Output: `(&&&Greater(&x, &0.0)).__compare()`, which the types of the operands send to the right comparison.
pub(crate) struct Comparisons<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) functions: &'a [proc_macro2::Ident],
}

impl VisitMut for Comparisons<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let Expr::Binary(binary) = expression else { return };
        let name = match binary.op {
            BinOp::Lt(_) => "Less",
            BinOp::Le(_) => "LessEqual",
            BinOp::Gt(_) => "Greater",
            BinOp::Ge(_) => "GreaterEqual",
            BinOp::Eq(_) => "Equal",
            BinOp::Ne(_) => "NotEqual",
            _ => return,
        };
        let span = binary.op.span();
        let comparison = self.contract.item(name, span);
        let (left, right) = (operand(&binary.left), operand(&binary.right));
        *expression = parse_quote_spanned!(span=> (&&&#comparison(&#left, &#right)).__compare());
    }

    /// Constants are computed by the compiler, where no tensor is.
    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Some(rule) = body_of_rule(item, self.functions) {
            self.visit_block_mut(rule);
        }
    }
}

/// An operand behind `&`, in parentheses where it needs them.
fn operand(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Path(_)
        | Expr::Lit(_)
        | Expr::Field(_)
        | Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Index(_) => quote!(#expression),
        _ => quote!((#expression)),
    }
}

/// Where one truth value is expected, a comparison of tensors has one for each element.
pub(crate) fn check(function: &ItemFn, tensors: &[Ident], report: &mut Report) {
    if !expects_truth(&function.block) {
        return;
    }
    let mut scopes = Scopes::default();
    scopes.bind_parameters(&function.sig);
    let mut finder = TruthValues { tensors, report };
    Walker { handler: &mut finder, scopes }.visit_block_mut(&mut function.block.clone());
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
