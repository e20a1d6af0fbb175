//! Holes: what stands in a body where a pair or a rule was taken out, until `expand` fills it.
//!
//! syn's tree has no place for a node of ours, so a hole is written as tokens that no expression has. This file alone knows
//! which.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, LitInt};

/// A hole, by what was taken out there: the number of an exit or of a rule of the model.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hole {
    Exit(usize),
    Rule(usize),
}

impl Hole {
    pub(super) fn into_expr(self) -> Expr {
        Expr::Verbatim(match self {
            Hole::Exit(number) => quote!(exit #number),
            Hole::Rule(number) => quote!(rule #number),
        })
    }

    pub(super) fn of(expression: &Expr) -> Option<Self> {
        let Expr::Verbatim(tokens) = expression else { return None };
        let (kind, number): (Ident, LitInt) =
            (|input: ParseStream| Ok((input.parse()?, input.parse()?))).parse2(tokens.clone()).ok()?;
        let number = number.base10_parse().ok()?;
        match kind.to_string().as_str() {
            "exit" => Some(Hole::Exit(number)),
            "rule" => Some(Hole::Rule(number)),
            _ => None,
        }
    }
}

/// Puts into each hole of a body what `fill` says.
pub(crate) fn fill_block(body: &mut Block, fill: impl FnMut(Hole) -> TokenStream) {
    Filler { fill, filled: false }.visit_block_mut(body);
}

/// Puts into each hole of an expression what `fill` says. Whether there was one.
pub(crate) fn fill_expr(expression: &mut Expr, fill: impl FnMut(Hole) -> TokenStream) -> bool {
    let mut filler = Filler { fill, filled: false };
    filler.visit_expr_mut(expression);
    filler.filled
}

struct Filler<F> {
    fill: F,
    filled: bool,
}

impl<F: FnMut(Hole) -> TokenStream> VisitMut for Filler<F> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match Hole::of(expression) {
            Some(hole) => {
                self.filled = true;
                *expression = Expr::Verbatim((self.fill)(hole));
            }
            None => visit_mut::visit_expr_mut(self, expression),
        }
    }
}
