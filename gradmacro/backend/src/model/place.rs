//! Places: locals and parts of locals, in syntax trees and among the tokens of macros.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{BinOp, Expr, ExprLit, Lit};

use crate::names;
use crate::syntax::written::place_as_written;

/// A local or a part of one, such as `x`, `self.w` or `self.layers[0].w`.
#[derive(Clone, PartialEq)]
pub(crate) struct Place {
    pub(super) root: Ident,
    /// `.w`, `.0`, `[0]`.
    pub(super) parts: Vec<Part>,
}

/// A part of a place as it is written, and where.
#[derive(Clone)]
pub(super) struct Part {
    text: String,
    tokens: TokenStream,
}

impl Part {
    fn new(tokens: TokenStream) -> Self {
        Part { text: place_as_written(&tokens), tokens }
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
    pub(super) fn of(expression: &Expr) -> Option<Self> {
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

    pub(super) fn contains(&self, other: &Place) -> bool {
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

/// The tokens of a macro, in which `replace` says what stands for each place. Names in format strings are places too,
/// but cannot be replaced.
pub(super) fn rewritten(tokens: TokenStream, replace: &mut dyn FnMut(&Place) -> Option<TokenStream>) -> TokenStream {
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
