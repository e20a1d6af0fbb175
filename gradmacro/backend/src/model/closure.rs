//! The option `closure`: the locals around a nested `fn` that it uses.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprCall, ExprLit, Item, ItemFn, Lit, Macro, Stmt, Token};

use crate::model::place::names_in_format;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// What a nested function uses of what is around it.
#[derive(Default)]
pub(crate) struct Around {
    /// Locals, as far as the syntax tells: names of values that the function does not bind itself. Constants are in capitals.
    pub(crate) locals: Vec<Ident>,
    /// Functions that are called by a bare name in `grad`, or in a closure of the body. The names stay as they are, so that
    /// Rust decides which are locals, which move, and which are items: a generic one is of another type in each call.
    pub(crate) called: Vec<Ident>,
}

/// What a nested function uses of what is around it.
pub(crate) fn around(function: &ItemFn) -> Around {
    let mut own = Scopes::default();
    own.bind_parameters(&function.sig);
    let mut finder = Finder { functions: vec![function.sig.ident.clone()], ..Finder::default() };
    Walker::new(&mut finder, own).visit_block_mut(&mut function.block.clone());
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Around,
    /// Functions that stand in the body.
    functions: Vec<Ident>,
    /// How many closures and functions have been entered.
    depth: usize,
}

impl Finder {
    fn visit(&mut self, value: &mut Expr, own: &Scopes) {
        Walker::new(self, own.clone()).visit_expr_mut(value);
    }

    fn is_around(&self, name: &Ident, own: &Scopes) -> bool {
        let text = name.to_string();
        let is_value = text.starts_with(|first: char| !first.is_uppercase()) && !NO_LOCALS.contains(&text.as_str());
        is_value && !own.contains(name) && !self.functions.contains(name)
    }

    fn add(&mut self, name: Option<&Ident>, own: &Scopes) {
        if let Some(name) = name.filter(|name| self.is_around(name, own) && !self.found.locals.contains(name)) {
            self.found.locals.push(name.clone());
        }
    }

    fn inside(&mut self, scopes: Scopes, visit: impl FnOnce(&mut Walker<Self>)) {
        self.depth += 1;
        visit(&mut Walker::new(self, scopes));
        self.depth -= 1;
    }
}

/// The name by which a function is called.
fn called(call: &ExprCall) -> Option<&Ident> {
    match &*call.func {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// What begins like a local, and is none: `self`, and the generic functions of the prelude.
const NO_LOCALS: [&str; 6] = ["self", "drop", "size_of", "size_of_val", "align_of", "align_of_val"];

impl Handler for Finder {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        match expression {
            Expr::Path(path) => self.add(path.path.get_ident(), own),
            Expr::Call(call) => {
                let Some(name) = called(call) else { return false };
                if self.depth > 0 && self.is_around(name, own) && !self.found.called.contains(name) {
                    self.found.called.push(name.clone());
                }
                call.args.iter_mut().for_each(|argument| self.visit(argument, own));
                return true;
            }
            Expr::Closure(closure) => {
                self.inside(own.clone(), |walker| walker.visit_expr_closure_mut(closure));
                return true;
            }
            _ => {}
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
            self.inside(scopes, |walker| walker.visit_block_mut(&mut inner.block));
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
