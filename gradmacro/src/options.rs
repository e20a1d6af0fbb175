//! What stands in the parentheses of `#[custom_gradient(…)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Path, Token, ext::IdentExt, parenthesized};

use crate::report::Report;

/// The options, with their defaults.
#[derive(Default)]
pub(crate) struct Options {
    /// Places read by the body that get a gradient after the parameters.
    pub(crate) variables: Vec<Expr>,
    /// Where `gradcore` lives, if not at `::gradcore`.
    pub(crate) gradcore: Option<Path>,
}

enum Choice {
    Variables(Ident, Vec<Expr>),
    Crate(Ident, Path),
}

const EXPECTED: &str = "expected `variables(self.w, …)` or `crate = ::path`";

impl Options {
    pub(crate) fn parse(tokens: TokenStream, report: &mut Report) -> Self {
        let mut options = Options::default();
        let choices = match Punctuated::<Choice, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(choices) => choices,
            Err(error) => {
                report.add(error);
                return options;
            }
        };
        let mut seen: Vec<String> = Vec::new();
        for choice in choices {
            let (Choice::Variables(name, _) | Choice::Crate(name, _)) = &choice;
            if seen.contains(&name.to_string()) {
                report.error(name, format_args!("option `{name}` is given twice"));
            }
            seen.push(name.to_string());
            match choice {
                Choice::Variables(name, places) => {
                    if places.is_empty() {
                        report.error(name, "`variables()` lists nothing; write the places that the body reads, as in `variables(self.w, self.b)`");
                    }
                    for place in &places {
                        check_place(place, report);
                    }
                    options.variables = places;
                }
                Choice::Crate(_, path) => options.gradcore = Some(path),
            }
        }
        options
    }
}

/// A variable is named by its place, so that `grad` and error messages can speak of it.
fn check_place(place: &Expr, report: &mut Report) {
    if !matches!(place, Expr::Field(_) | Expr::Path(_) | Expr::Index(_)) {
        let found = place.to_token_stream();
        report.error(
            place,
            format_args!(
                "expected a place such as `self.w`, found `{found}`; list the variable itself, without `&` or a call"
            ),
        );
    }
}

impl syn::parse::Parse for Choice {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
        match name.to_string().as_str() {
            "variables" => {
                let content;
                parenthesized!(content in input);
                let places = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
                Ok(Choice::Variables(name, places.into_iter().collect()))
            }
            "crate" => {
                input.parse::<Token![=]>()?;
                Ok(Choice::Crate(name, input.parse()?))
            }
            _ => Err(syn::Error::new_spanned(&name, format_args!("unknown option `{name}`; {EXPECTED}"))),
        }
    }
}
