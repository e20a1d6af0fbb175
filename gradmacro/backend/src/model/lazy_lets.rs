//! The `let`s at the head of a rule that run only if a needed gradient uses what they bind.
//!
//! They run where they stand, so nothing is reordered. Whatever may have an effect besides its value runs always.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, ExprReference, Item, Local, LocalInit, Pat, Stmt, Type};

use crate::names;
use crate::syntax::effects::{draws, has_no_effect};
use crate::syntax::mention::Mentioned;
use crate::syntax::patterns::{self, binds_values};

/// A statement before the gradients.
pub(crate) enum Statement {
    /// Runs whenever the rule does.
    Always(Box<Stmt>),
    /// Runs if one of the gradients that use it is needed.
    IfNeeded(Box<Let>),
}

/// A `let` that can be left out.
pub(crate) struct Let {
    pub(crate) pattern: Pat,
    pub(crate) ty: Option<Type>,
    pub(crate) value: Expr,
    /// What keeps its value.
    pub(crate) shared: Ident,
    /// By number of the gradient: whether it uses the value, by itself or through other `let`s.
    pub(crate) needed_by: Vec<bool>,
    /// The earlier [`Let`]s that it uses, by number of the statement.
    pub(crate) uses: Vec<usize>,
    /// Whether one gradient or `let` alone uses it, which may then have the value itself.
    pub(crate) is_used_once: bool,
}

/// The statements, and for each gradient the [`Let`]s that it uses, by number of the statement.
pub(crate) fn plan(statements: Vec<Stmt>, gradients: &[Expr]) -> (Vec<Statement>, Vec<Vec<usize>>) {
    let bound = bound_by(&statements);
    let used_by_statements: Vec<Vec<usize>> =
        statements.iter().enumerate().map(|(number, statement)| uses(statement, &bound[..number])).collect();
    let used_by_gradients: Vec<Vec<usize>> = gradients.iter().map(|gradient| uses(gradient, &bound)).collect();

    let mut needed = vec![vec![false; gradients.len()]; statements.len()];
    for (gradient, used) in used_by_gradients.iter().enumerate() {
        used.iter().for_each(|number| needed[*number][gradient] = true);
    }
    for number in (0..statements.len()).rev() {
        // What no gradient uses, or every one, runs always, and so does what that uses.
        if !bound[number].has_no_effect || !needed[number].contains(&true) {
            needed[number].fill(true);
        }
        for used in &used_by_statements[number] {
            let by_this = needed[number].clone();
            needed[*used].iter_mut().zip(by_this).for_each(|(needed, by_this)| *needed |= by_this);
        }
    }

    let users = |number: usize| {
        let of = |used: &&Vec<usize>| used.contains(&number);
        used_by_statements.iter().filter(of).count() + used_by_gradients.iter().filter(of).count()
    };
    let left_out = |number: &usize| needed[*number].contains(&false);
    let that_may_be_left_out = |used: &[usize]| used.iter().copied().filter(left_out).collect::<Vec<usize>>();
    let planned = statements.into_iter().enumerate().map(|(number, statement)| match statement {
        Stmt::Local(Local { pat, init: Some(init), .. }) if left_out(&number) => {
            let (pattern, ty) = untyped(pat);
            Statement::IfNeeded(Box::new(Let {
                pattern,
                ty,
                value: *init.expr,
                shared: names::shared(number, &bound[number].names),
                needed_by: needed[number].clone(),
                uses: that_may_be_left_out(&used_by_statements[number]),
                is_used_once: users(number) == 1,
            }))
        }
        statement => Statement::Always(Box::new(statement)),
    });
    (planned.collect(), used_by_gradients.iter().map(|used| that_may_be_left_out(used)).collect())
}

/// The statements, all of which run always.
pub(crate) fn plain(statements: Vec<Stmt>, gradients: &[Expr]) -> (Vec<Statement>, Vec<Vec<usize>>) {
    let always = |statement| Statement::Always(Box::new(statement));
    (statements.into_iter().map(always).collect(), vec![Vec::new(); gradients.len()])
}

fn untyped(pattern: Pat) -> (Pat, Option<Type>) {
    match pattern {
        Pat::Type(typed) => (*typed.pat, Some(*typed.ty)),
        other => (other, None),
    }
}

/// What a statement binds.
struct Bound {
    names: Vec<Ident>,
    /// Whether it is a `let` that can be left out without changing anything else.
    has_no_effect: bool,
}

impl Bound {
    fn by(statement: &Stmt) -> Self {
        let names = match statement {
            Stmt::Local(local) => patterns::names(&local.pat),
            Stmt::Item(Item::Fn(function)) => vec![function.sig.ident.clone()],
            _ => Vec::new(),
        };
        let has_no_effect = match statement {
            Stmt::Local(Local { attrs, pat, init: Some(LocalInit { expr, diverge: None, .. }), .. }) => {
                attrs.is_empty() && binds_values(pat) && !matches!(**expr, Expr::Closure(_)) && has_no_effect(expr)
            }
            _ => false,
        };
        Bound { names, has_no_effect }
    }
}

/// What each statement binds. A `let` that uses what may change, as an iterator does, has an effect on it, and one of
/// whose names another `let` shadows cannot be made in one piece.
fn bound_by(statements: &[Stmt]) -> Vec<Bound> {
    let mut bound: Vec<Bound> = statements.iter().map(Bound::by).collect();
    let mut changing: Vec<String> = Vec::new();
    for (number, statement) in statements.iter().enumerate() {
        let mentioned = Mentioned::among(statement);
        let uses_changing = changing.iter().any(|name| mentioned.contains(name));
        let is_shadowed = |name: &Ident| bound[number + 1..].iter().any(|later| later.names.contains(name));
        let names = &bound[number].names;
        let is_in_parts = names.len() > 1 && names.iter().any(is_shadowed);
        if may_change(statement) {
            changing.extend(bound[number].names.iter().map(ToString::to_string));
        }
        bound[number].has_no_effect &= !uses_changing && !is_in_parts && !may_change(statement);
    }
    bound
}

/// Whether what a statement binds may change without being bound anew.
fn may_change(statement: &Stmt) -> bool {
    const WITH_STATE: [&str; 6] = ["Cell", "Mutex", "RwLock", "Rc", "Arc", "Atomic"];
    let Stmt::Local(Local { pat, .. }) = statement else { return false };
    let mentioned = Mentioned::among(statement);
    !binds_values(pat) || WITH_STATE.iter().any(|part| mentioned.contains_part(part))
}

/// The statements that bind the names among the tokens: of each name the last. A name that is something else there, such
/// as a field, counts too: running too much is correct, running too little is not.
fn uses(tokens: &impl ToTokens, bound: &[Bound]) -> Vec<usize> {
    let mentioned = Mentioned::among(tokens);
    let is_last = |number: usize, name: &Ident| !bound[number + 1..].iter().any(|later| later.names.contains(name));
    let is_used = |number: &usize| {
        let mut names = bound[*number].names.iter();
        names.any(|name| is_last(*number, name) && mentioned.contains(&name.to_string()))
    };
    (0..bound.len()).filter(is_used).collect()
}

/// Whether a gradient calls a method on a local of the rule that may change, as in `it.next()`, or draws random numbers: then
/// those before it cannot be left out, or it would see another state.
pub(crate) fn change_each_other(statements: &[Stmt], gradients: &[Expr]) -> bool {
    struct Calls<'a>(&'a [Ident], bool);
    impl Visit<'_> for Calls<'_> {
        fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
            let root = match &*call.receiver {
                Expr::Path(path) => path.path.get_ident(),
                _ => None,
            };
            self.1 |= call.method != "clone" && root.is_some_and(|root| self.0.contains(root));
            visit::visit_expr_method_call(self, call);
        }
        fn visit_expr_reference(&mut self, reference: &ExprReference) {
            self.1 |= reference.mutability.is_some();
            visit::visit_expr_reference(self, reference);
        }
    }
    let changing = statements.iter().filter(|statement| may_change(statement));
    let changing = patterns::bindings(|bindings| changing.for_each(|statement| bindings.visit_stmt(statement)));
    let changing: Vec<Ident> = changing.into_iter().map(|binding| binding.ident).collect();
    let mut calls = Calls(&changing, false);
    gradients.iter().for_each(|gradient| calls.visit_expr(gradient));
    gradients.len() > 1 && (calls.1 || gradients.iter().any(draws))
}
