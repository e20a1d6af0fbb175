//! What a rule captures: the locals, and the fields of locals, that stand around it and that it uses.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::VisitMut;
use syn::{Expr, Macro, Member, Stmt, parse_quote};

use crate::names;
use crate::scope::{Handler, Scopes, Walker};

/// A local or a field of one, such as `x` or `self.w`.
#[derive(Clone, PartialEq)]
pub(crate) struct Place {
    root: Ident,
    fields: Vec<String>,
}

impl Place {
    /// The place that an expression is, if it is one.
    fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Path(path) => Some(Place { root: path.path.get_ident()?.clone(), fields: Vec::new() }),
            Expr::Field(field) => {
                let mut place = Place::of(&field.base)?;
                place.fields.push(match &field.member {
                    Member::Named(name) => name.to_string(),
                    Member::Unnamed(index) => index.index.to_string(),
                });
                Some(place)
            }
            _ => None,
        }
    }

    fn contains(&self, other: &Place) -> bool {
        self.root == other.root && other.fields.starts_with(&self.fields)
    }

    /// As the user writes it.
    pub(crate) fn expression(&self) -> TokenStream {
        let root = &self.root;
        let fields = self.fields.iter().map(|field| field.parse::<TokenStream>().unwrap_or_default());
        quote!(#root #(. #fields)*)
    }

    /// Where it is used.
    pub(crate) fn span(&self) -> Span {
        self.root.span()
    }

    pub(crate) fn text(&self) -> String {
        std::iter::once(self.root.to_string()).chain(self.fields.iter().cloned()).collect::<Vec<_>>().join(".")
    }

    /// The name that stands for it inside the rule.
    pub(crate) fn name(&self) -> Ident {
        match &self.fields[..] {
            [] if self.root == "self" => names::this(),
            [] => self.root.clone(),
            fields => names::place(&self.root, fields),
        }
    }
}

/// A place, and the gradients that use it.
pub(crate) struct Captured {
    pub(crate) place: Place,
    /// By number of the gradient.
    pub(crate) used_by: Vec<bool>,
    /// Whether the statements before the gradients use it.
    pub(crate) shared: bool,
    /// Whether only the tokens of a macro seem to use it: it may not be used after all.
    pub(crate) guessed: bool,
}

/// Finds what `statements` and `gradients` capture, and puts [`Place::name`] where a field or `self` stood.
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
    let all: Vec<Place> = shared.iter().chain(used.iter().flatten()).cloned().collect();
    let mut kept: Vec<Place> = Vec::new();
    for place in &all {
        let within_another = all.iter().any(|other| other != place && other.contains(place));
        if !within_another && !kept.contains(place) {
            kept.push(place.clone());
        }
    }
    let uses = |places: &[Place], kept: &Place| places.iter().any(|place| kept.contains(place));
    let captured = kept
        .iter()
        .map(|place| Captured {
            place: place.clone(),
            used_by: used.iter().map(|used| uses(used, place)).collect(),
            shared: uses(&shared, place),
            guessed: !uses(&certain, place),
        })
        .collect();
    walk(&mut Renamer { kept: &kept }, own, statements, gradients, |_| ());
    captured
}

/// Walks the statements, then each gradient; `after` is called after each of these.
fn walk<H: Handler, R>(
    handler: &mut H,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
    after: impl Fn(&mut H) -> R,
) -> (R, Vec<R>) {
    let mut walker = Walker { handler, scopes: own.clone() };
    walker.statements(statements);
    let shared = after(walker.handler);
    let each = gradients
        .iter_mut()
        .map(|gradient| {
            walker.visit_expr_mut(gradient);
            after(walker.handler)
        })
        .collect();
    (shared, each)
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
        for root in names_in(tokens.tokens.clone()) {
            if self.captures(&root, own) {
                self.found.push(Place { root, fields: Vec::new() });
            }
        }
    }
}

/// The names in the tokens of a macro, those in format strings included.
fn names_in(tokens: TokenStream) -> Vec<Ident> {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(name) => vec![name],
            TokenTree::Group(group) => names_in(group.stream()),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let named = |part: &str| {
                    let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
                    syn::parse_str::<Ident>(&part[..end]).ok()
                };
                text.split('{')
                    .skip(1)
                    .filter_map(named)
                    .map(|name| Ident::new(&name.to_string(), literal.span()))
                    .collect()
            }
            TokenTree::Punct(_) => Vec::new(),
        })
        .collect()
}

struct Renamer<'a> {
    kept: &'a [Place],
}

impl Handler for Renamer<'_> {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        let Some(place) = Place::of(expression) else { return false };
        let Some(kept) = self.kept.iter().find(|kept| kept.contains(&place)) else { return true };
        if !own.contains(&place.root) && (!kept.fields.is_empty() || kept.root == "self") {
            rename(expression, place.fields.len() - kept.fields.len(), &kept.name());
        }
        true
    }

    fn macro_tokens(&mut self, tokens: &mut Macro, _: &Scopes) {
        if self.kept.iter().any(|kept| kept.fields.is_empty() && kept.root == "self") {
            tokens.tokens = without_self(tokens.tokens.clone());
        }
    }
}

/// Replaces the expression below `depth` field accesses by `name`.
fn rename(expression: &mut Expr, depth: usize, name: &Ident) {
    match expression {
        Expr::Field(field) if depth > 0 => rename(&mut field.base, depth - 1, name),
        place => *place = parse_quote!(#name),
    }
}

fn without_self(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(name) if name == "self" => names::this().into(),
            TokenTree::Group(group) => {
                let mut renamed = Group::new(group.delimiter(), without_self(group.stream()));
                renamed.set_span(group.span());
                TokenTree::Group(renamed)
            }
            other => other,
        })
        .map(|token: TokenTree| token.into_token_stream())
        .collect()
}
