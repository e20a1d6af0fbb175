//! The `let`s at the head of a rule that run only if a needed gradient uses what they bind.
//!
//! They run where they stand, so nothing is reordered. Whatever may have an effect besides its value runs always.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Expr, ExprBinary, ExprCall, ExprMethodCall, ExprReference, Item, Local, LocalInit, Macro, Pat, PatIdent,
    Path, PathSegment, Stmt, Token, Type,
};

use crate::names;
use crate::syntax::mention::Mentioned;

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
    /// By number of the gradient, also of those that use it through other `let`s.
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
        if !bound[number].is_calm || !needed[number].contains(&true) {
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
    is_calm: bool,
}

impl Bound {
    fn by(statement: &Stmt) -> Self {
        let mut names = Names(Vec::new());
        match statement {
            Stmt::Local(local) => names.visit_pat(&local.pat),
            Stmt::Item(Item::Fn(function)) => names.0.push(function.sig.ident.clone()),
            _ => {}
        }
        let is_calm = match statement {
            Stmt::Local(Local { attrs, pat, init: Some(LocalInit { expr, diverge: None, .. }), .. }) => {
                attrs.is_empty() && binds_values(pat) && !matches!(**expr, Expr::Closure(_)) && is_calm(expr)
            }
            _ => false,
        };
        Bound { names: names.0, is_calm }
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
        bound[number].is_calm &= !uses_changing && !is_in_parts && !may_change(statement);
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

struct Names(Vec<Ident>);

impl Visit<'_> for Names {
    fn visit_pat_ident(&mut self, binding: &PatIdent) {
        self.0.push(binding.ident.clone());
        visit::visit_pat_ident(self, binding);
    }
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

/// Whether a pattern binds nothing but values, none of them mutable.
fn binds_values(pattern: &Pat) -> bool {
    match pattern {
        Pat::Ident(binding) => binding.mutability.is_none() && binding.by_ref.is_none() && binding.subpat.is_none(),
        Pat::Type(typed) => binds_values(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(binds_values),
        Pat::Wild(_) => true,
        _ => false,
    }
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
    let mut changing = Names(Vec::new());
    statements.iter().filter(|statement| may_change(statement)).for_each(|statement| changing.visit_stmt(statement));
    let mut calls = Calls(&changing.0, false);
    gradients.iter().for_each(|gradient| calls.visit_expr(gradient));
    gradients.len() > 1 && (calls.1 || gradients.iter().any(draws))
}

/// Whether an expression visibly draws random numbers: what one draws, the next does not get.
fn draws(expression: &Expr) -> bool {
    let mut draws = Draws(false);
    draws.visit_expr(expression);
    draws.0
}

/// Modules and crates of random numbers.
const SOURCES: [&str; 3] = ["random", "rand", "fastrand"];
/// The functions of `tf::random`, which may be called by an imported name.
const DRAWING: [&str; 2] = ["normal", "uniform"];

struct Draws(bool);

impl Visit<'_> for Draws {
    fn visit_path(&mut self, path: &Path) {
        let names_source = |segment: &PathSegment| SOURCES.iter().any(|source| segment.ident == source);
        self.0 |= path.segments.len() > 1 && path.segments.iter().any(names_source);
        visit::visit_path(self, path);
    }
    fn visit_expr_call(&mut self, call: &ExprCall) {
        let last = match &*call.func {
            Expr::Path(path) => path.path.segments.last(),
            _ => None,
        };
        self.0 |= last.is_some_and(|last| DRAWING.iter().any(|name| last.ident == name));
        visit::visit_expr_call(self, call);
    }
    fn visit_macro(&mut self, tokens: &Macro) {
        let mentioned = Mentioned::among(&tokens.tokens);
        self.0 |= SOURCES.iter().chain(&DRAWING).any(|name| mentioned.contains(name));
    }
}

/// Whether the syntax shows no effect of an expression besides its value. A function or method that is called is taken at
/// its word, unless it is called on a static, or tells by its name, or draws random numbers.
pub(crate) fn is_calm(expression: &Expr) -> bool {
    let mut effects = Effects(false);
    effects.visit_expr(expression);
    !effects.0 && !draws(expression)
}

/// Whether a method is named as those are that change what is behind a shared reference.
fn is_telling(method: &str) -> bool {
    const TELLING: [&str; 12] = [
        "borrow_mut",
        "get_or_init",
        "lock",
        "pop",
        "push",
        "replace",
        "send",
        "set",
        "swap",
        "take",
        "update",
        "write",
    ];
    TELLING.contains(&method) || method.starts_with("fetch_")
}

/// Whether an expression is a static, or a part of one.
fn is_static(receiver: &Expr) -> bool {
    match receiver {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            !name.contains(char::is_lowercase) && name.contains(char::is_uppercase)
        }),
        Expr::Field(field) => is_static(&field.base),
        Expr::Index(index) => is_static(&index.expr),
        Expr::Paren(inner) => is_static(&inner.expr),
        Expr::Reference(inner) => is_static(&inner.expr),
        Expr::Unary(inner) => is_static(&inner.expr),
        _ => false,
    }
}

struct Effects(bool);

impl Visit<'_> for Effects {
    fn visit_expr(&mut self, expression: &Expr) {
        self.0 |= matches!(
            expression,
            Expr::Assign(_)
                | Expr::Await(_)
                | Expr::ForLoop(_)
                | Expr::Loop(_)
                | Expr::Unsafe(_)
                | Expr::Verbatim(_)
                | Expr::While(_)
        );
        visit::visit_expr(self, expression);
    }
    fn visit_expr_binary(&mut self, binary: &ExprBinary) {
        self.0 |= !matches!(
            binary.op,
            BinOp::Add(_)
                | BinOp::Sub(_)
                | BinOp::Mul(_)
                | BinOp::Div(_)
                | BinOp::Rem(_)
                | BinOp::And(_)
                | BinOp::Or(_)
                | BinOp::BitAnd(_)
                | BinOp::BitOr(_)
                | BinOp::BitXor(_)
                | BinOp::Shl(_)
                | BinOp::Shr(_)
        );
        visit::visit_expr_binary(self, binary);
    }
    fn visit_expr_reference(&mut self, reference: &ExprReference) {
        self.0 |= reference.mutability.is_some();
        visit::visit_expr_reference(self, reference);
    }
    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        self.0 |= is_static(&call.receiver) || is_telling(&call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }
    fn visit_stmt(&mut self, statement: &Stmt) {
        self.0 |= !matches!(statement, Stmt::Local(_) | Stmt::Expr(_, None));
        visit::visit_stmt(self, statement);
    }
    fn visit_macro(&mut self, tokens: &Macro) {
        let is_value = |name: &Ident| name == "vec" || name == "format" || name == "matches";
        let is_known = tokens.path.segments.last().is_some_and(|last| is_value(&last.ident));
        let arguments = tokens.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        match arguments {
            Ok(arguments) if is_known => arguments.iter().for_each(|argument| self.visit_expr(argument)),
            // `vec![x; n]`, patterns, and macros that are not known.
            _ => self.0 |= !is_known || tokens.tokens.to_string().contains("fetch_"),
        }
    }
}
