//! What a rule changes that outlives it, as far as the syntax shows: captures that can be changed behind a shared
//! reference, and statics.
//!
//! A function or method is taken at its word, unless its name tells. A local of the rule that stands for something around
//! it, as in `let n = &self.n;` and in `for n in &self.counts`, is followed; one that is `mut`, or made anew, is the rule's
//! own. What is printed counts for nothing.

use proc_macro2::Ident;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprCall, ExprMethodCall, Macro, Pat, Stmt, Token};

use crate::model::capture::walk;
use crate::model::place::{Place, is_assignment};
use crate::syntax::mention::Mentioned;
use crate::syntax::patterns;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// What a rule changes around itself.
#[derive(Default)]
pub(crate) struct Outside {
    /// Whether it changes anything.
    pub(crate) is_changed: bool,
    /// Captures that it changes if they are cells, each with the method that does so.
    pub(crate) cells: Vec<(Place, Ident)>,
}

/// What the statements and gradients of a rule change. `around` are the locals that it sees, `own` its parameters.
pub(crate) fn changed_outside(
    around: &Scopes,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
) -> Outside {
    let mut finder = Finder { around, standing: Vec::new(), found: Outside::default() };
    walk(&mut finder, own, statements, gradients, |_| ());
    finder.found
}

/// What stands around the rule: the capture that it is or is reached through, if that is known.
#[derive(Clone)]
struct Around(Option<Place>);

struct Finder<'a> {
    around: &'a Scopes,
    /// Locals of the rule that stand for something around it.
    standing: Vec<(Ident, Around)>,
    found: Outside,
}

impl Finder<'_> {
    /// What an expression leads to around the rule; `None` if it is the rule's own.
    fn around(&self, expression: &Expr, own: &Scopes) -> Option<Around> {
        let is_captured = |place: &Place| {
            !own.contains(place.root()) && (self.around.contains(place.root()) || place.is_within_self())
        };
        if let Some(place) = Place::of(expression).filter(is_captured) {
            return Some(Around(Some(place)));
        }
        match expression {
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if own.contains(name) => {
                    self.standing.iter().rev().find(|(local, _)| local == name).map(|(_, around)| around.clone())
                }
                // A static, or a local of a body for one element.
                _ => Some(Around(None)),
            },
            Expr::Field(field) => self.around(&field.base, own),
            Expr::Index(index) => self.around(&index.expr, own),
            Expr::Paren(inner) => self.around(&inner.expr, own),
            Expr::Reference(inner) => self.around(&inner.expr, own),
            Expr::Try(inner) => self.around(&inner.expr, own),
            Expr::Unary(inner) => self.around(&inner.expr, own),
            Expr::MethodCall(call) => self.reached_by(call, own),
            Expr::Call(call) => self.handed_on(call, own),
            _ => None,
        }
    }

    /// What a method of something around gives: a part of it, unless its name tells otherwise.
    fn reached_by(&self, call: &ExprMethodCall, own: &Scopes) -> Option<Around> {
        const OWNED: [&str; 6] = ["cloned", "collect", "copied", "item", "product", "sum"];
        const PARTS: [&str; 22] = [
            "as_deref",
            "as_ref",
            "as_slice",
            "borrow",
            "borrow_mut",
            "deref",
            "enumerate",
            "expect",
            "filter",
            "find",
            "first",
            "get",
            "iter",
            "last",
            "next",
            "nth",
            "rev",
            "skip",
            "try_borrow",
            "unwrap",
            "values",
            "zip",
        ];
        let method = call.method.to_string();
        // `get` of a cell gives a copy.
        let is_copy = OWNED.contains(&&*method) || (method == "get" && call.args.is_empty());
        if is_copy || method.starts_with("to_") || method.starts_with("into_") {
            return None;
        }
        let Around(place) = self.around(&call.receiver, own)?;
        Some(Around(place.filter(|_| PARTS.contains(&&*method))))
    }

    /// What a function gives that hands on its argument, as `Rc::clone` does.
    fn handed_on(&self, call: &ExprCall, own: &Scopes) -> Option<Around> {
        const HANDING_ON: [&str; 6] = ["Ok", "Some", "as_ref", "borrow", "clone", "deref"];
        let name = name_of(&call.func)?;
        let argument = call.args.first().filter(|_| call.args.len() == 1 && HANDING_ON.contains(&&*name))?;
        let Around(place) = self.around(argument, own)?;
        Some(Around(place.filter(|_| name != "clone")))
    }

    /// From here on, the names of a pattern stand for something around, or for something else than before.
    fn bind(&mut self, pattern: &Pat, around: Option<&Around>) {
        for binding in patterns::bindings(|bindings| syn::visit::Visit::visit_pat(bindings, pattern)) {
            self.standing.retain(|(local, _)| *local != binding.ident);
            if let Some(around) = around.filter(|_| binding.mutability.is_none()) {
                self.standing.push((binding.ident, around.clone()));
            }
        }
    }

    /// A method or function of such a name is called on something around.
    fn called(&mut self, method: &Ident, arguments: usize, Around(place): Around) {
        let name = method.to_string();
        self.found.is_changed |= looks_like_a_change(&name, arguments);
        if let Some(place) = place.filter(|_| changes_a_cell(&name, arguments)) {
            let is_known = self.found.cells.iter().any(|(known, _)| *known == place);
            self.found.cells.extend((!is_known).then(|| (place, method.clone())));
        }
    }

    fn method(&mut self, call: &ExprMethodCall, own: &Scopes) {
        if let Some(around) = self.around(&call.receiver, own) {
            for argument in &call.args {
                if let Expr::Closure(closure) = argument {
                    closure.inputs.iter().for_each(|input| self.bind(input, Some(&around)));
                }
            }
            self.called(&call.method, call.args.len(), around);
        }
        // `a.swap(&b)` changes both.
        if let (Some(other), "swap") = (call.args.first(), &*call.method.to_string())
            && let Some(around) = self.around(other, own)
        {
            self.called(&call.method, call.args.len(), around);
        }
    }

    /// `Cell::set(&self.n, 1)`
    fn function(&mut self, call: &ExprCall, own: &Scopes) {
        let Expr::Path(path) = &*call.func else { return };
        let (Some(last), Some(first)) = (path.path.segments.last(), call.args.first()) else { return };
        if path.path.segments.len() > 1
            && let Some(around) = self.around(first, own)
        {
            self.called(&last.ident.clone(), call.args.len() - 1, around);
        }
    }

    /// Whether a place is a static, or a part of one. (What is captured cannot be assigned to.)
    fn is_static(place: &Expr, own: &Scopes) -> bool {
        match place {
            Expr::Path(path) => path.path.get_ident().is_none_or(|name| !own.contains(name)),
            Expr::Field(field) => Self::is_static(&field.base, own),
            Expr::Index(index) => Self::is_static(&index.expr, own),
            Expr::Paren(inner) => Self::is_static(&inner.expr, own),
            Expr::Unary(inner) => Self::is_static(&inner.expr, own),
            _ => false,
        }
    }
}

impl Handler for Finder<'_> {
    fn statement(&mut self, statement: &mut Stmt, own: &Scopes) -> bool {
        if let Stmt::Local(local) = statement {
            let around = local.init.as_ref().and_then(|init| self.around(&init.expr, own));
            self.bind(&local.pat, around.as_ref());
        }
        false
    }

    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        match &*expression {
            Expr::Assign(assignment) => self.found.is_changed |= Self::is_static(&assignment.left, own),
            Expr::Binary(binary) if is_assignment(binary.op) => {
                self.found.is_changed |= Self::is_static(&binary.left, own);
            }
            Expr::Reference(reference) if reference.mutability.is_some() => {
                self.found.is_changed |= Self::is_static(&reference.expr, own);
            }
            Expr::MethodCall(call) => self.method(call, own),
            Expr::Call(call) => self.function(call, own),
            Expr::ForLoop(repeated) => {
                let around = self.around(&repeated.expr, own);
                self.bind(&repeated.pat, around.as_ref());
            }
            Expr::Let(condition) => {
                let around = self.around(&condition.expr, own);
                self.bind(&condition.pat, around.as_ref());
            }
            Expr::Match(branches) => {
                let around = self.around(&branches.expr, own);
                branches.arms.iter().for_each(|arm| self.bind(&arm.pat, around.as_ref()));
            }
            _ => {}
        }
        false
    }

    fn macro_tokens(&mut self, tokens: &mut Macro, own: &Scopes) {
        match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.tokens.clone()) {
            Ok(arguments) => {
                for argument in arguments {
                    // `format!("{x}", x = y)` assigns nothing.
                    let mut value = match argument {
                        Expr::Assign(named) => *named.right,
                        argument => argument,
                    };
                    Walker::new(self, own.clone()).visit_expr_mut(&mut value);
                }
            }
            Err(_) => {
                let mentioned = Mentioned::among(&tokens.tokens);
                self.found.is_changed |= mentioned.contains("borrow_mut") || mentioned.contains_part("fetch_");
            }
        }
    }
}

fn name_of(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// Whether a method with so many arguments is named as those of cells are that change them. (Iterators have a `take` too,
/// and strings a `replace`.)
fn changes_a_cell(method: &str, arguments: usize) -> bool {
    let expected = match method {
        "borrow_mut" | "take" | "try_borrow_mut" => 0,
        "replace" | "replace_with" | "set" | "swap" | "update" => 1,
        _ => return false,
    };
    arguments == expected
}

/// Whether a method is named as those are that change what is behind a shared reference.
fn looks_like_a_change(method: &str, arguments: usize) -> bool {
    const TELLING: [&str; 19] = [
        "assign",
        "assign_add",
        "assign_sub",
        "insert",
        "lock",
        "pop",
        "push",
        "push_back",
        "push_front",
        "send",
        "set",
        "store",
        "swap",
        "try_lock",
        "try_send",
        "try_write",
        "update",
        "with_borrow_mut",
        "write",
    ];
    changes_a_cell(method, arguments)
        || TELLING.contains(&method)
        || method.starts_with("fetch_")
        || method.starts_with("compare_exchange")
}
