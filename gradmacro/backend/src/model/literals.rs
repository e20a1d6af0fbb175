//! Literals in a body generic over its scalar: `0.2` means a `T`.

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, ExprCall, ExprCast, ExprConst, ExprRepeat, GenericArgument, Item, Lit, Local, Pat, Type, parse_quote_spanned,
};

use crate::model::rule::body_of_rule;
use crate::names::{self, Contract};
use crate::syntax::mention::Mentioned;

/// Makes the unsuffixed float literals of a syntax tree of the type `scalar`. Nested items keep theirs, apart from the
/// functions named here; so do the tokens of macros, constants, what is given to `of`, and what is cast or declared to be
/// of another float type.
///
/// Input: `x * 0.2`
///
/// Output: `x * <T as Real>::of(0.2)`
pub(crate) struct Literals<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) scalar: &'a Type,
    pub(crate) functions: &'a [Ident],
}

impl VisitMut for Literals<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Lit(literal) => {
                if let Lit::Float(float) = &literal.lit
                    && float.suffix().is_empty()
                {
                    let place = names::at(float.span());
                    let (real, scalar) = (self.contract.item("Real", place), self.scalar);
                    *expression = parse_quote_spanned!(place=> <#scalar as #real>::of(#float));
                }
            }
            other => visit_mut::visit_expr_mut(self, other),
        }
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        let is_of =
            matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "of"));
        if !is_of {
            visit_mut::visit_expr_call_mut(self, call);
        }
    }

    fn visit_expr_cast_mut(&mut self, cast: &mut ExprCast) {
        if !is_literal(&cast.expr) {
            self.visit_expr_mut(&mut cast.expr);
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let of_another_float = matches!(&local.pat, Pat::Type(typed) if names_a_float(&typed.ty));
        if !of_another_float {
            visit_mut::visit_local_mut(self, local);
        }
    }

    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Some(rule) = body_of_rule(item, self.functions) {
            self.visit_block_mut(rule);
        }
    }
}

/// Whether an expression is a float literal, perhaps behind a minus.
fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Float(_)),
        Expr::Unary(unary) => is_literal(&unary.expr),
        Expr::Paren(inner) => is_literal(&inner.expr),
        _ => false,
    }
}

fn names_a_float(ty: &Type) -> bool {
    let mentioned = Mentioned::among(ty);
    mentioned.contains("f32") || mentioned.contains("f64")
}
