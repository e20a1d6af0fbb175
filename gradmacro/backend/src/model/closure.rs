//! The option `closure`: the locals around a nested `fn` that it uses.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprLit, Item, ItemFn, Lit, Macro, Stmt, Token};

use crate::model::place::names_in_format;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// The locals around a nested function that it uses, as far as the syntax tells: names of values that it does not bind
/// itself. Constants are in capitals, and a function of the module, which is taken for a local, can be cloned as well.
pub(crate) fn locals_around(function: &ItemFn) -> Vec<Ident> {
    let mut own = Scopes::default();
    own.bind_parameters(&function.sig);
    let mut finder = Finder { functions: vec![function.sig.ident.clone()], ..Finder::default() };
    Walker::new(&mut finder, own).visit_block_mut(&mut function.block.clone());
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Vec<Ident>,
    /// Functions that stand in the body.
    functions: Vec<Ident>,
}

impl Finder {
    fn visit(&mut self, value: &mut Expr, own: &Scopes) {
        Walker::new(self, own.clone()).visit_expr_mut(value);
    }

    fn add(&mut self, name: Option<&Ident>, own: &Scopes) {
        let is_local = |name: &&Ident| {
            let is_bound = own.contains(name) || self.functions.contains(name) || self.found.contains(name);
            let text = name.to_string();
            !is_bound && text.starts_with(|first: char| !first.is_uppercase()) && !NO_LOCALS.contains(&text.as_str())
        };
        self.found.extend(name.filter(is_local).cloned());
    }
}

/// What begins like a local, and is none: `self`, and the generic functions of the prelude.
const NO_LOCALS: [&str; 6] = ["self", "drop", "size_of", "size_of_val", "align_of", "align_of_val"];

impl Handler for Finder {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        if let Expr::Path(path) = expression {
            self.add(path.path.get_ident(), own);
        }
        false
    }

    /// The arguments of std's macros are expressions; of others nothing is known, and a local used there alone moves.
    fn macro_tokens(&mut self, tokens: &mut Macro, own: &Scopes) {
        let Some(name) = tokens.path.segments.last().map(|last| last.ident.to_string()) else { return };
        if !VALUE_MACROS.contains(&name.as_str()) {
            return;
        }
        let arguments = tokens.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        // What follows the first argument of `matches!` is a pattern.
        let values = if name == "matches" { 1 } else { usize::MAX };
        for mut argument in arguments.into_iter().flatten().take(values) {
            match &mut argument {
                Expr::Assign(named) => self.visit(&mut named.right, own),
                Expr::Lit(ExprLit { lit: Lit::Str(format), .. }) => {
                    let text = format.token().to_string();
                    names_in_format(&text, format.span()).for_each(|name| self.add(Some(&name), own));
                }
                value => self.visit(value, own),
            }
        }
    }

    fn statement(&mut self, statement: &mut Stmt, own: &Scopes) -> bool {
        if let Stmt::Item(Item::Fn(inner)) = statement {
            self.functions.push(inner.sig.ident.clone());
            // An inner `grad` may use the locals around it; any other function cannot, and is a mistake of the user's.
            let mut scopes = own.clone();
            scopes.bind_parameters(&inner.sig);
            Walker::new(self, scopes).visit_block_mut(&mut inner.block);
        }
        false
    }
}

/// Macros of std that take values, separated by commas.
const VALUE_MACROS: [&str; 20] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];
