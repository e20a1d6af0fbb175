//! Groups without delimiters, in which `macro_rules!` hands over what it matched as `$x:expr` or `$t:ty`.
//!
//! When a macro writes such a group again, rustc takes its tokens for bare ones (rust-lang/rust#67062): of `dy * $slope`
//! with a slope of two terms the first alone would be multiplied. So every group is taken off, and parentheses stand in its
//! place where its tokens need to be held together. What looks at the kind of an expression or a type looks through
//! parentheses, by [`peeled`] and [`peeled_type`].

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, ExprCall, ExprParen, ItemFn, Macro, Meta, Type, TypeParen, token};

use crate::names;

/// The expression within parentheses.
pub(crate) fn peeled(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => peeled(&inner.expr),
        other => other,
    }
}

/// The type within parentheses.
pub(crate) fn peeled_type(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => peeled_type(&inner.elem),
        other => other,
    }
}

/// The tokens without such groups around what is neither an expression nor a type: statements, items, patterns. There syn
/// does not look for them.
pub(crate) fn opened(tokens: TokenStream) -> TokenStream {
    // Whatever is written anew loses the places of its delimiters.
    if !has_bare_groups(&tokens) {
        return tokens;
    }
    let opened = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => {
            let inner = opened(group.stream());
            let is_bare = group.delimiter() == Delimiter::None;
            let is_expression =
                || matches!(syn::parse2::<Expr>(inner.clone()), Ok(found) if !matches!(found, Expr::Let(_)));
            if is_bare && !is_expression() && syn::parse2::<Type>(inner.clone()).is_err() {
                return inner;
            }
            let mut kept = Group::new(group.delimiter(), inner);
            kept.set_span(group.span());
            TokenTree::Group(kept).into()
        }
        other => TokenStream::from(other),
    });
    opened.collect()
}

fn has_bare_groups(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::None || has_bare_groups(&group.stream()),
        _ => false,
    })
}

/// Takes such groups off a function.
pub(crate) fn hold_function_together(function: &mut ItemFn) {
    Holder.visit_item_fn_mut(function);
}

/// Takes such groups off an expression.
pub(crate) fn hold_together(expression: &mut Expr) {
    Holder.visit_expr_mut(expression);
}

struct Holder;

impl VisitMut for Holder {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::Group(group) = expression {
            let place = group.group_token.span;
            let inner = std::mem::replace(&mut *group.expr, Expr::PLACEHOLDER);
            *expression = if is_whole(&inner) { inner } else { parenthesized(inner, place) };
        }
    }

    /// `$f(x)` calls what `$f` is: where that is a field, without parentheses it would be a method.
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        let place = match &*call.func {
            Expr::Group(group) => Some(group.group_token.span),
            _ => None,
        };
        visit_mut::visit_expr_call_mut(self, call);
        if let (Some(place), Expr::Field(_)) = (place, &*call.func) {
            let function = std::mem::replace(&mut *call.func, Expr::PLACEHOLDER);
            *call.func = parenthesized(function, place);
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        if let Type::Group(group) = ty {
            let place = group.group_token.span;
            let inner = std::mem::replace(&mut *group.elem, Type::Verbatim(TokenStream::new()));
            let bounds = match &inner {
                Type::TraitObject(object) => object.bounds.len(),
                Type::ImplTrait(object) => object.bounds.len(),
                _ => 1,
            };
            *ty = match bounds {
                1 => inner,
                // `&dyn A + B` is none.
                _ => Type::Paren(TypeParen {
                    attrs: Vec::new(),
                    paren_token: token::Paren(names::at(place)),
                    elem: Box::new(inner),
                }),
            };
        }
    }

    fn visit_macro_mut(&mut self, tokens: &mut Macro) {
        visit_mut::visit_macro_mut(self, tokens);
        tokens.tokens = tokens_held_together(std::mem::take(&mut tokens.tokens));
    }

    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        visit_mut::visit_attribute_mut(self, attribute);
        if let Meta::List(list) = &mut attribute.meta {
            list.tokens = tokens_held_together(std::mem::take(&mut list.tokens));
        }
    }
}

/// Whether an expression stays in one piece whatever stands before and after it.
fn is_whole(expression: &Expr) -> bool {
    match expression {
        Expr::Path(path) => path.qself.is_none(),
        Expr::Array(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Try(_)
        | Expr::Tuple(_) => true,
        _ => false,
    }
}

/// The expression in parentheses of the macro's, which rustc does not find superfluous.
fn parenthesized(expression: Expr, place: proc_macro2::Span) -> Expr {
    let paren_token = token::Paren(names::at(place));
    Expr::Paren(ExprParen { attrs: Vec::new(), paren_token, expr: Box::new(expression) })
}

/// The tokens of another macro, of which nothing is known: what in them is an expression of several parts is held together.
/// As a pattern or a type it means the same in parentheses.
fn tokens_held_together(tokens: TokenStream) -> TokenStream {
    if !has_bare_groups(&tokens) {
        return tokens;
    }
    let held = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => {
            let inner = tokens_held_together(group.stream());
            let is_bare = group.delimiter() == Delimiter::None;
            if is_bare && !needs_parentheses(&inner) {
                return inner;
            }
            let delimiter = if is_bare { Delimiter::Parenthesis } else { group.delimiter() };
            let mut held = Group::new(delimiter, inner);
            held.set_span(if is_bare { names::at(group.span()) } else { group.span() });
            TokenTree::Group(held).into()
        }
        other => TokenStream::from(other),
    });
    held.collect()
}

fn needs_parentheses(tokens: &TokenStream) -> bool {
    match syn::parse2::<Expr>(tokens.clone()) {
        Ok(Expr::Assign(_) | Expr::Let(_) | Expr::Block(_) | Expr::Macro(_) | Expr::Path(_)) | Err(_) => false,
        Ok(expression) => !is_whole(&expression),
    }
}
