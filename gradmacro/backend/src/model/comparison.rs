//! Comparisons inside an annotated function: element by element for tensors, as always for everything else.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Expr, ExprConst, ExprRepeat, GenericArgument, Item, Type, parse_quote_spanned};

use crate::model::rule::body_of_rule;
use crate::names::{self, Contract};

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
        let (comparison, compare) = (self.contract.item(name, span), names::method::compare(span));
        let (left, right) = (operand(&binary.left), operand(&binary.right));
        *expression = parse_quote_spanned!(span=> (&&&#comparison(&#left, &#right)).#compare());
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
