//! Locals of one name and different hygiene: a rule that `macro_rules!` makes may have a local `t`, and a parameter whose
//! name `t` comes from the caller. rustc tells them apart, and everything here compares names as text. So where a function
//! binds a name in two contexts, the locals of the second get another one.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprPath, FieldPat, FieldValue, ItemFn, Macro, Member, PatIdent, parse_quote};

use crate::syntax::patterns;

/// Renames such locals.
pub(crate) fn tell_apart(function: &mut ItemFn) {
    let mut bound: Vec<Ident> = Vec::new();
    let mut renamed: Vec<(Ident, String)> = Vec::new();
    for binding in patterns::bindings(|bindings| bindings.visit_item_fn(function)) {
        let name = binding.ident;
        let first = bound.iter().find(|other| **other == name);
        match first.map(context) {
            None => bound.push(name),
            Some(first) => {
                let own = context(&name);
                let is_known = renamed.iter().any(|(other, context)| *other == name && *context == own);
                if own != first && !is_known {
                    renamed.push((name, own));
                }
            }
        }
    }
    if !renamed.is_empty() {
        Renamer(renamed).visit_item_fn_mut(function);
    }
}

/// The context in which a name means what it means. There is no way to ask for it but to have the compiler show it, as in
/// `#4 bytes(10..11)`. Should it show something else, names are compared as text.
fn context(name: &Ident) -> String {
    let shown = format!("{:?}", name.span());
    let number = shown.strip_prefix('#').and_then(|shown| shown.split_once(' '));
    number.map_or_else(String::new, |(number, _)| number.to_owned())
}

struct Renamer(Vec<(Ident, String)>);

impl Renamer {
    fn other_name(&self, name: &Ident) -> Option<Ident> {
        if !self.0.iter().any(|(other, _)| other == name) {
            return None;
        }
        let own = context(name);
        let number = self.0.iter().position(|(other, context)| other == name && *context == own)?;
        Some(Ident::new(&format!("{}_of_macro_{number}", name.to_string().trim_start_matches("r#")), name.span()))
    }

    fn tokens(&self, tokens: TokenStream) -> TokenStream {
        let mut after_point = false;
        let renamed = tokens.into_iter().map(|token| {
            let is_member =
                std::mem::replace(&mut after_point, matches!(&token, TokenTree::Punct(p) if p.as_char() == '.'));
            match token {
                TokenTree::Ident(name) if !is_member => TokenTree::Ident(self.other_name(&name).unwrap_or(name)),
                TokenTree::Group(group) => {
                    let mut renamed = Group::new(group.delimiter(), self.tokens(group.stream()));
                    renamed.set_span(group.span());
                    TokenTree::Group(renamed)
                }
                other => other,
            }
        });
        renamed.collect()
    }
}

impl VisitMut for Renamer {
    fn visit_pat_ident_mut(&mut self, binding: &mut PatIdent) {
        if let Some(name) = self.other_name(&binding.ident) {
            binding.ident = name;
        }
        visit_mut::visit_pat_ident_mut(self, binding);
    }

    fn visit_expr_path_mut(&mut self, path: &mut ExprPath) {
        if let Some(name) = path.path.get_ident().and_then(|name| self.other_name(name)) {
            path.path = name.into();
        }
    }

    /// `Point { x }` is `Point { x: x }`.
    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if let (None, Member::Named(name), Expr::Path(_)) = (field.colon_token, &field.member, &field.expr)
            && self.other_name(name).is_some()
        {
            field.colon_token = Some(parse_quote!(:));
        }
        visit_mut::visit_field_value_mut(self, field);
    }

    fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
        if let (None, Member::Named(name)) = (field.colon_token, &field.member)
            && self.other_name(name).is_some()
        {
            field.colon_token = Some(parse_quote!(:));
        }
        visit_mut::visit_field_pat_mut(self, field);
    }

    fn visit_macro_mut(&mut self, called: &mut Macro) {
        called.tokens = self.tokens(std::mem::take(&mut called.tokens));
    }
}
