//! Which names occur among tokens.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

/// The names that occur somewhere among tokens. They are collected once, because every look at a token is a call of the
/// compiler.
#[derive(Clone, Default)]
pub(crate) struct Mentioned {
    names: HashSet<String>,
    /// Literals with braces, which format strings are.
    shown: Vec<String>,
}

impl Mentioned {
    pub(crate) fn among(tokens: &impl ToTokens) -> Self {
        let mut mentioned = Mentioned::default();
        mentioned.add(tokens.to_token_stream());
        mentioned
    }

    fn add(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    self.names.insert(name.to_string());
                }
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    self.shown.extend(text.contains('{').then(|| text.replace("{{", "")));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Whether a name occurs, be it in a format string, and be it as the beginning of a longer one there.
    pub(crate) fn contains(&self, name: &str) -> bool {
        let name = name.trim_start_matches("r#");
        let is_shown = |text: &String| text.contains(&format!("{{{name}")) || text.contains(&format!("{name}$"));
        self.names.contains(name) || self.names.contains(&format!("r#{name}")) || self.shown.iter().any(is_shown)
    }

    /// Whether a name occurs that has `part` in it.
    pub(crate) fn contains_part(&self, part: &str) -> bool {
        self.names.iter().any(|name| name.contains(part))
    }
}
