//! What a rule captures: the locals, and the parts of locals, that stand around it and that it uses.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, Macro, Stmt, parse_quote};

use crate::model::place::{Place, is_assignment, rewritten, root_of};
use crate::names;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// A place, and the gradients that use it.
pub(crate) struct Captured {
    pub(crate) place: Place,
    /// What stands for it inside the rule: its own name, or one for a part of a local, or for `self`.
    pub(crate) name: Ident,
    /// The local that keeps it.
    pub(crate) residual: Ident,
    /// By number of the gradient.
    pub(crate) used_by: Vec<bool>,
    /// By number of the statement before the gradients.
    pub(crate) used_in: Vec<bool>,
    /// Whether only the tokens of a macro seem to use it: it may not be used after all.
    pub(crate) guessed: bool,
    /// Whether it is a parameter of the function, and not a local of the same name.
    pub(crate) is_parameter: bool,
    /// Whether it may change between the rule and the pair.
    pub(crate) may_change: bool,
}

/// Finds what `statements` and `gradients` capture, and puts [`Captured::name`] where a part or `self` stood.
/// `around` are the locals that the rule sees, `own` its parameters.
pub(crate) fn captures(
    around: &Scopes,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
) -> Vec<Captured> {
    let mut finder = Finder { around, found: Vec::new(), certain: Vec::new() };
    let (shared, used) = walk(&mut finder, own, statements, gradients, |finder| std::mem::take(&mut finder.found));
    let certain = finder.certain;
    let all: Vec<Place> = shared.iter().chain(&used).flatten().cloned().collect();
    let uses = |places: &[Place], residual: &Place| places.iter().any(|place| residual.contains(place));
    let mut captured: Vec<Captured> = Vec::new();
    for place in &all {
        let within_another = all.iter().any(|other| other != place && other.contains(place));
        if within_another || captured.iter().any(|captured| captured.place == *place) {
            continue;
        }
        let mut name = place.as_name();
        // `self.w` and a local `self_w` would share a name otherwise.
        while captured.iter().any(|captured| captured.residual == names::residual(&name, place.span())) {
            name.push('_');
        }
        captured.push(Captured {
            place: place.clone(),
            name: match place {
                Place { root, parts } if parts.is_empty() && !place.is_within_self() => root.clone(),
                _ => names::captured(&name, place.span()),
            },
            residual: names::residual(&name, place.span()),
            used_by: used.iter().map(|used| uses(used, place)).collect(),
            used_in: shared.iter().map(|used| uses(used, place)).collect(),
            guessed: !uses(&certain, place),
            is_parameter: around.is_parameter(&place.root),
            may_change: false,
        });
    }
    walk(&mut Renamer { captured: &captured }, own, statements, gradients, |_| ());
    captured
}

/// Walks each statement, then each gradient; `after` is called after each of these.
pub(super) fn walk<H: Handler, R>(
    handler: &mut H,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
    after: impl Fn(&mut H) -> R,
) -> (Vec<R>, Vec<R>) {
    let mut walker = Walker::new(handler, own.clone());
    let shared = statements
        .iter_mut()
        .map(|statement| {
            walker.statements(std::slice::from_mut(statement));
            after(walker.handler)
        })
        .collect();
    let each = gradients
        .iter_mut()
        .map(|gradient| {
            walker.visit_expr_mut(gradient);
            after(walker.handler)
        })
        .collect();
    (shared, each)
}

/// The captures that are assigned to or borrowed mutably, each with the expression that does so.
pub(crate) fn changed_captures(
    around: &Scopes,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
) -> Vec<(String, TokenStream)> {
    let mut finder = Changes { around, found: Vec::new() };
    walk(&mut finder, own, statements, gradients, |_| ());
    finder.found
}

/// As [`changed_captures`], of a whole body that uses the locals `around` it.
pub(crate) fn changes_of(around: &[Ident], body: &mut Block) -> Vec<(String, TokenStream)> {
    let mut scopes = Scopes::default();
    around.iter().for_each(|local| scopes.bind_name(local));
    let mut finder = Changes { around: &scopes, found: Vec::new() };
    Walker::new(&mut finder, Scopes::default()).visit_block_mut(body);
    finder.found
}

struct Changes<'a> {
    around: &'a Scopes,
    found: Vec<(String, TokenStream)>,
}

impl Handler for Changes<'_> {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        let changed = match &*expression {
            Expr::Assign(assignment) => Some(&*assignment.left),
            Expr::Binary(binary) if is_assignment(binary.op) => Some(&*binary.left),
            Expr::Reference(reference) if reference.mutability.is_some() => Some(&*reference.expr),
            _ => None,
        };
        let root = changed.and_then(root_of).filter(|root| !own.contains(root) && self.around.contains(root));
        if let Some(root) = root {
            self.found.push((root.to_string(), expression.to_token_stream()));
        }
        false
    }
}

struct Finder<'a> {
    around: &'a Scopes,
    found: Vec<Place>,
    /// Those that are found outside macros.
    certain: Vec<Place>,
}

impl Finder<'_> {
    fn captures(&self, root: &Ident, own: &Scopes) -> bool {
        !own.contains(root) && (self.around.contains(root) || root == "self")
    }
}

impl Handler for Finder<'_> {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        let Some(place) = Place::of(expression) else { return false };
        if self.captures(&place.root, own) {
            self.certain.push(place.clone());
            self.found.push(place);
        }
        true
    }

    /// Whatever looks like a local counts as one: keeping too much costs memory, keeping too little does not compile.
    fn macro_tokens(&mut self, tokens: &mut Macro, own: &Scopes) {
        let mut places = Vec::new();
        rewritten(tokens.tokens.clone(), &mut |place| {
            places.push(place.clone());
            None
        });
        let captured = places.into_iter().filter(|place| self.captures(&place.root, own)).collect::<Vec<_>>();
        self.found.extend(captured);
    }
}

struct Renamer<'a> {
    captured: &'a [Captured],
}

impl Renamer<'_> {
    /// The capture that a place is a part of, and how many parts remain, if it goes by another name there.
    fn renamed(&self, place: &Place, own: &Scopes) -> Option<(&Ident, usize)> {
        let captured = self.captured.iter().find(|captured| captured.place.contains(place))?;
        let other_name = !captured.place.parts.is_empty() || captured.place.is_within_self();
        (other_name && !own.contains(&place.root))
            .then_some((&captured.name, place.parts.len() - captured.place.parts.len()))
    }
}

impl Handler for Renamer<'_> {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        let Some(place) = Place::of(expression) else { return false };
        if let Some((name, remaining)) = self.renamed(&place, own) {
            rename(expression, remaining, name);
        }
        true
    }

    fn macro_tokens(&mut self, tokens: &mut Macro, own: &Scopes) {
        tokens.tokens = rewritten(tokens.tokens.clone(), &mut |place| {
            let (name, remaining) = self.renamed(place, own)?;
            let rest = &place.parts[place.parts.len() - remaining..];
            Some(quote!(#name #(#rest)*))
        });
    }
}

/// Replaces the expression below `depth` accesses by `name`.
fn rename(expression: &mut Expr, depth: usize, name: &Ident) {
    match expression {
        Expr::Paren(inner) => rename(&mut inner.expr, depth, name),
        Expr::Field(field) if depth > 0 => rename(&mut field.base, depth - 1, name),
        Expr::Index(index) if depth > 0 => rename(&mut index.expr, depth - 1, name),
        place => *place = parse_quote!(#name),
    }
}
