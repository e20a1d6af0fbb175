//! What a rule captures: the locals, and the parts of locals, that stand around it and that it uses.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::visit_mut::VisitMut;
use syn::{BinOp, Block, Expr, ExprLit, Lit, Macro, Stmt, parse_quote};

use crate::names;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// A local or a part of one, such as `x`, `self.w` or `self.layers[0].w`.
#[derive(Clone, PartialEq)]
pub(crate) struct Place {
    root: Ident,
    /// `.w`, `.0`, `[0]`.
    parts: Vec<Part>,
}

/// A part of a place as it is written, and where.
#[derive(Clone)]
struct Part {
    text: String,
    tokens: TokenStream,
}

impl Part {
    fn new(tokens: TokenStream) -> Self {
        Part { text: tokens.to_string().replace(' ', ""), tokens }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl ToTokens for Part {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl Place {
    fn local(root: Ident) -> Self {
        Place { root, parts: Vec::new() }
    }

    /// The place that an expression is, if it is one.
    fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::Paren(inner) => Place::of(&inner.expr),
            Expr::Path(path) => Some(Place::local(path.path.get_ident()?.clone())),
            Expr::Field(field) => {
                let mut place = Place::of(&field.base)?;
                let (point, member) = (&field.dot_token, &field.member);
                place.parts.push(Part::new(quote!(#point #member)));
                Some(place)
            }
            Expr::Index(index) => {
                // An element of a local may not be there, where `grad` does not look.
                let mut place = Place::of(&index.expr).filter(Place::has_parts_of_self)?;
                let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &*index.index else { return None };
                place.parts.push(Part::new(quote!([#number])));
                Some(place)
            }
            _ => None,
        }
    }

    fn contains(&self, other: &Place) -> bool {
        self.root == other.root && other.parts.starts_with(&self.parts)
    }

    fn has_parts_of_self(&self) -> bool {
        self.is_within_self() && !self.parts.is_empty()
    }

    /// Whether it is `self`, or a part of it.
    pub(crate) fn is_within_self(&self) -> bool {
        self.root == "self"
    }

    /// The local that it is, or is a part of.
    pub(crate) fn root(&self) -> &Ident {
        &self.root
    }

    /// As the user writes it.
    pub(crate) fn expression(&self) -> TokenStream {
        let root = &self.root;
        let parts = &self.parts;
        quote!(#root #(#parts)*)
    }

    /// Where it is used.
    pub(crate) fn span(&self) -> Span {
        self.root.span()
    }

    pub(crate) fn text(&self) -> String {
        std::iter::once(self.root.to_string()).chain(self.parts.iter().map(|part| part.text.clone())).collect()
    }

    /// Its text as a part of a name: `self_layers_0_w`.
    pub(crate) fn as_name(&self) -> String {
        let text = self.text().replace("r#", "").replace(']', "");
        text.replace(['.', '['], "_")
    }
}

/// The places that begin with one of `roots` or with `self` among the tokens, with names for the parts of `self`, and the
/// tokens with these names in place.
pub(crate) fn places_among(tokens: TokenStream, roots: &[Ident]) -> (Vec<(Place, Ident)>, TokenStream) {
    let mut found: Vec<Place> = Vec::new();
    rewritten(tokens.clone(), &mut |place| {
        if place.is_within_self() {
            found.push(place.clone());
        } else if roots.contains(&place.root) {
            found.push(Place::local(place.root.clone()));
        }
        None
    });
    let mut places: Vec<(Place, Ident)> = Vec::new();
    for place in &found {
        let is_known = places.iter().any(|(known, _)| known == place);
        if is_known || found.iter().any(|other| other != place && other.contains(place)) {
            continue;
        }
        let name =
            if place.is_within_self() { names::captured(&place.as_name(), place.span()) } else { place.root.clone() };
        places.push((place.clone(), name));
    }
    let renamed = rewritten(tokens, &mut |place| {
        let (kept, name) = places.iter().find(|(kept, _)| kept.is_within_self() && kept.contains(place))?;
        let rest = &place.parts[kept.parts.len()..];
        Some(quote!(#name #(#rest)*))
    });
    (places, renamed)
}

/// A place, and the gradients that use it.
pub(crate) struct Captured {
    pub(crate) place: Place,
    /// What stands for it inside the rule: its own name, or one for a part of a local, or for `self`.
    pub(crate) name: Ident,
    /// The local that keeps it.
    pub(crate) kept: Ident,
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
    let uses = |places: &[Place], kept: &Place| places.iter().any(|place| kept.contains(place));
    let mut captured: Vec<Captured> = Vec::new();
    for place in &all {
        let within_another = all.iter().any(|other| other != place && other.contains(place));
        if within_another || captured.iter().any(|captured| captured.place == *place) {
            continue;
        }
        let mut name = place.as_name();
        // `self.w` and a local `self_w` would share a name otherwise.
        while captured.iter().any(|captured| captured.kept == names::kept(&name, place.span())) {
            name.push('_');
        }
        captured.push(Captured {
            place: place.clone(),
            name: match place {
                Place { root, parts } if parts.is_empty() && !place.is_within_self() => root.clone(),
                _ => names::captured(&name, place.span()),
            },
            kept: names::kept(&name, place.span()),
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
fn walk<H: Handler, R>(
    handler: &mut H,
    own: &Scopes,
    statements: &mut [Stmt],
    gradients: &mut [Expr],
    after: impl Fn(&mut H) -> R,
) -> (Vec<R>, Vec<R>) {
    let mut walker = Walker { handler, scopes: own.clone() };
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
    Walker { handler: &mut finder, scopes: Scopes::default() }.visit_block_mut(body);
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

/// Whether an operator assigns, as `+=` does.
pub(crate) fn is_assignment(operator: BinOp) -> bool {
    use BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign, ShrAssign,
        SubAssign,
    };
    matches!(
        operator,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// The local that a place is a part of.
pub(crate) fn root_of(place: &Expr) -> Option<Ident> {
    match place {
        Expr::Path(path) => path.path.get_ident().cloned(),
        Expr::Field(field) => root_of(&field.base),
        Expr::Index(index) => root_of(&index.expr),
        Expr::Paren(inner) => root_of(&inner.expr),
        Expr::Unary(inner) => root_of(&inner.expr),
        _ => None,
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

/// The tokens of a macro, in which `replace` says what stands for each place. Names in format strings are places too,
/// but cannot be replaced.
fn rewritten(tokens: TokenStream, replace: &mut dyn FnMut(&Place) -> Option<TokenStream>) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = TokenStream::new();
    let mut next = 0;
    while let Some(token) = tokens.get(next) {
        // The second point of a range is no access.
        let after_point = next > 0 && is_point(&tokens[next - 1]) && !(next > 1 && is_point(&tokens[next - 2]));
        let mut length = 1;
        let stands = match token {
            TokenTree::Ident(root) if !after_point => {
                let (place, tokens_of_place) = place_at(root.clone(), &tokens[next + 1..]);
                let replaced = replace(&place);
                length = if replaced.is_some() { 1 + tokens_of_place } else { 1 };
                replaced
            }
            TokenTree::Group(group) => {
                let mut renamed = Group::new(group.delimiter(), rewritten(group.stream(), replace));
                renamed.set_span(group.span());
                Some(TokenTree::Group(renamed).into())
            }
            TokenTree::Literal(literal) => {
                names_in_format(&literal.to_string(), literal.span()).for_each(|name| {
                    replace(&Place::local(name));
                });
                None
            }
            _ => None,
        };
        out.extend(stands.unwrap_or_else(|| token.to_token_stream()));
        next += length;
    }
    out
}

fn is_point(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(point) if point.as_char() == '.')
}

/// The place that begins with `root`, and the number of tokens after it. What is followed by parentheses is a method.
fn place_at(root: Ident, tokens: &[TokenTree]) -> (Place, usize) {
    let mut place = Place::local(root);
    let mut length = 0;
    while let Some((part, tokens_of_part)) = part_at(&tokens[length..], place.has_parts_of_self()) {
        place.parts.push(part);
        length += tokens_of_part;
    }
    (place, length)
}

/// A part of a place, `.w`, `.0` or `[0]`, and the number of its tokens.
fn part_at(tokens: &[TokenTree], may_be_index: bool) -> Option<(Part, usize)> {
    let of = |length: usize| Some((Part::new(tokens[..length].iter().cloned().collect()), length));
    match tokens {
        [point, TokenTree::Ident(_), rest @ ..] if is_point(point) => {
            let is_method = match rest.first() {
                Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
                Some(TokenTree::Punct(punct)) => punct.as_char() == ':',
                _ => false,
            };
            if is_method { None } else { of(2) }
        }
        [point, TokenTree::Literal(field), ..] if is_point(point) && is_number(&field.to_string()) => of(2),
        [TokenTree::Group(index), ..]
            if may_be_index && index.delimiter() == Delimiter::Bracket && is_number(&index.stream().to_string()) =>
        {
            of(1)
        }
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit())
}

/// The names in braces in a format string: of what is shown, and of widths and precisions (`{x:>w$.p$}`).
pub(crate) fn names_in_format(text: &str, span: Span) -> impl Iterator<Item = Ident> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let named = move |part: &str| match syn::parse_str::<Ident>(part) {
        Ok(name) => Some(Ident::new(&name.to_string(), span)),
        // `{type}` shows `r#type`.
        Err(_) => Ident::parse_any.parse_str(part).ok().map(|name| Ident::new_raw(&name.to_string(), span)),
    };
    let text = text.replace("{{", "");
    let mut names = Vec::new();
    for braced in text.split('{').skip(1) {
        let braced = braced.split('}').next().unwrap_or_default();
        names.extend(named(braced.split(|c| !is_of_name(c)).next().unwrap_or_default()));
        for before_dollar in braced.split('$').rev().skip(1) {
            names.extend(named(before_dollar.rsplit(|c| !is_of_name(c)).next().unwrap_or_default()));
        }
    }
    names.into_iter()
}
