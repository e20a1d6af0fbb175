//! Elementary functions in the body of a function of one element.

use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprConst, Item, parse_quote_spanned};

use crate::model::rule::body_of_rule;
use crate::names::Contract;

/// The methods of `f32` and `f64` that the library computes itself, on vectors. Those of a `T: Real` are its own anyway.
const METHODS: [&str; 9] = ["exp", "exp_m1", "ln", "ln_1p", "powf", "sin", "cos", "tan", "tanh"];

/// Hands calls of elementary functions to the library where they are called on a float. Nested items keep theirs, apart from
/// the functions named here.
///
/// Input: `x.exp()`
///
/// Output: `Value(x).exp()`, which is the library's function of a float, and of anything else its own method.
pub(crate) struct Mathematics<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) functions: &'a [proc_macro2::Ident],
}

impl VisitMut for Mathematics<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let Expr::MethodCall(call) = expression else { return };
        if METHODS.iter().any(|method| call.method == method) {
            let span = call.receiver.span();
            let value = self.contract.item("Value", span);
            let receiver = match &*call.receiver {
                Expr::Paren(inside) if inside.attrs.is_empty() => &inside.expr,
                receiver => receiver,
            };
            *call.receiver = parse_quote_spanned!(span=> #value(#receiver));
        }
    }

    /// Constants are computed by the compiler, which has no functions of floats.
    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Some(rule) = body_of_rule(item, self.functions) {
            self.visit_block_mut(rule);
        }
    }
}
