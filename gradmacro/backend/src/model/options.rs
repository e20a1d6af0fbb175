//! What stands in the parentheses of `#[custom_gradient(…)]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token, parenthesized};

use crate::report::Report;
use crate::syntax::groups::{hold_together, peeled};

/// The options, with their defaults.
#[derive(Default)]
pub(crate) struct Options {
    /// Places read by the body that get a gradient after the parameters.
    pub(crate) variables: Vec<Expr>,
    /// The nested function becomes a closure that may use the locals around it.
    pub(crate) closure: Option<Ident>,
    /// The body is written for one element.
    pub(crate) elementwise: Option<Ident>,
    /// The body is written over ndarray.
    pub(crate) arrays: Option<Ident>,
    /// Gradients are summed over the axes along which their inputs were broadcast.
    pub(crate) broadcast: Option<Ident>,
    /// The inputs alone are kept, and the body runs again for the gradient.
    pub(crate) recompute: Option<Ident>,
    /// A test of the rule against differences, at these arguments.
    pub(crate) check: Option<Check>,
    /// Whether the rule is known to be linear in its upstream gradient. It is for operations alone: what it leads to is
    /// private to their crate.
    pub(crate) linear: bool,
    /// Whether the body is known to call no other rule. It too is for operations alone.
    pub(crate) leaf: bool,
    /// Where `gradcore` lives, if not at `::gradcore`.
    pub(crate) gradcore: Option<Path>,
    /// Whether nothing more can be said of the function: two cannot stand together, or one is not known.
    pub(crate) unclear: bool,
}

/// `check(x = [2, 3], n = 4)`.
pub(crate) struct Check {
    pub(crate) name: Ident,
    /// Each a parameter and what it is given.
    pub(crate) arguments: Vec<(Ident, Expr)>,
}

/// The options, each with how it is written.
const OPTIONS: [(&str, &str); 8] = [
    ("variables", "variables(self.w, …)"),
    ("closure", "closure"),
    ("elementwise", "elementwise"),
    ("arrays", "arrays"),
    ("broadcast", "broadcast"),
    ("recompute", "recompute"),
    ("check", "check(x = [2, 3], …)"),
    ("crate", "crate = ::path"),
];

/// Options that cannot stand together, each pair with its reason.
const CONTRADICTIONS: [(&str, &str, &str); 11] = [
    ("elementwise", "arrays", "a body is written either for one element or for whole arrays"),
    ("elementwise", "closure", "a body for one element uses no locals from outside; make them parameters"),
    ("elementwise", "variables", "a body for one element reads its parameters alone; make the variable a parameter"),
    ("elementwise", "broadcast", "element by element gradients are summed over broadcast axes anyway"),
    ("elementwise", "recompute", "element by element nothing but the inputs is kept anyway"),
    ("arrays", "closure", "a body over arrays uses no locals from outside; make them parameters"),
    ("arrays", "variables", "a body over arrays reads its parameters alone; make the variable a parameter"),
    ("arrays", "recompute", "the rule of a body over arrays keeps what it captures"),
    ("closure", "check", "a generated test cannot call a closure; check it in a test with `check_gradients`"),
    ("closure", "recompute", "what a closure has captured is kept by the closure itself"),
    ("check", "variables", "a generated test has no `self`; check it in a test with `check_gradients`"),
];

impl Options {
    /// Every mistake is reported, not the first alone.
    pub(crate) fn parse(tokens: TokenStream, report: &mut Report) -> Self {
        let mut options = Options::default();
        let mut seen: Vec<Ident> = Vec::new();
        for option in split_at_commas(tokens) {
            match (|input: ParseStream| options.take(input, report)).parse2(option) {
                Ok(name) if seen.contains(&name) => {
                    report.error(&name, format_args!("option `{name}` is given twice; remove one"));
                }
                Ok(name) => seen.push(name),
                Err(error) => report.add(error),
            }
        }
        for (first, second, reason) in CONTRADICTIONS {
            let given = |name: &str| seen.iter().find(|seen| *seen == name);
            if let (Some(_), Some(second)) = (given(first), given(second)) {
                options.unclear = true;
                let message = format!("options `{first}` and `{second}` contradict each other: {reason}");
                report.error(second, message);
            }
        }
        options
    }

    fn take(&mut self, input: ParseStream, report: &mut Report) -> syn::Result<Ident> {
        let name = Ident::parse_any(input)
            .map_err(|error| syn::Error::new(error.span(), format!("expected {}", expected())))?;
        match name.to_string().as_str() {
            "variables" => self.variables = places(&name, input, report)?,
            "closure" => self.closure = Some(name.clone()),
            "elementwise" => self.elementwise = Some(name.clone()),
            "arrays" => self.arrays = Some(name.clone()),
            "broadcast" => self.broadcast = Some(name.clone()),
            "recompute" => self.recompute = Some(name.clone()),
            "check" => self.check = Some(Check { name: name.clone(), arguments: arguments(&name, input)? }),
            "linear" => self.linear = true,
            "leaf" => self.leaf = true,
            "crate" => {
                let path = input.parse::<Token![=]>().and_then(|_| input.parse());
                self.gradcore = Some(path.map_err(|_| how(&name, "crate = ::path"))?);
            }
            unknown => {
                // What was meant may change what the function has to be.
                let meant = most_similar(unknown, OPTIONS.iter().map(|(option, _)| *option));
                self.unclear |= matches!(meant, None | Some("closure" | "elementwise" | "arrays"));
                let advice = match meant {
                    Some(option) => format!("did you mean `{option}`?"),
                    None => format!("expected {}", expected()),
                };
                // What follows an unknown option is not looked at.
                input.parse::<TokenStream>()?;
                return Err(syn::Error::new_spanned(&name, format!("unknown option `{unknown}`; {advice}")));
            }
        }
        if let (false, Some(&(_, written))) = (input.is_empty(), OPTIONS.iter().find(|(option, _)| name == option)) {
            input.parse::<TokenStream>()?;
            let message = format!("option `{name}` takes no value; write `{written}`");
            return Err(if name == written { syn::Error::new_spanned(&name, message) } else { how(&name, written) });
        }
        Ok(name)
    }
}

fn how(name: &Ident, written: &str) -> syn::Error {
    syn::Error::new_spanned(name, format!("option `{name}` is written `{written}`"))
}

fn expected() -> String {
    let written: Vec<String> = OPTIONS.iter().map(|(_, written)| format!("`{written}`")).collect();
    format!("one of {}", written.join(", "))
}

/// The known name that was probably meant.
pub(crate) fn most_similar<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(unknown, known);
    known.filter(|known| likeness(known) > 0.8).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// The options, without the commas between them.
fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut options: Vec<TokenStream> = tokens.split(is_comma).map(|option| option.iter().cloned().collect()).collect();
    // A comma may stand at the end.
    if options.last().is_some_and(TokenStream::is_empty) {
        options.pop();
    }
    options
}

/// `(self.w, self.b)`.
fn places(name: &Ident, input: ParseStream, report: &mut Report) -> syn::Result<Vec<Expr>> {
    const WRITTEN: &str = "variables(self.w, self.b)";
    if !input.peek(syn::token::Paren) {
        return Err(how(name, WRITTEN));
    }
    let content;
    parenthesized!(content in input);
    let mut places = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
    places.iter_mut().for_each(hold_together);
    if places.is_empty() {
        report.error(
            name,
            format_args!("`variables()` lists nothing; write the places that the body reads, as in `{WRITTEN}`"),
        );
    }
    let places: Vec<Expr> = places.iter().map(|place| peeled(place).clone()).collect();
    places.iter().for_each(|place| check_place(place, report));
    Ok(places)
}

/// `(x = [2, 3], n = 4)`.
fn arguments(name: &Ident, input: ParseStream) -> syn::Result<Vec<(Ident, Expr)>> {
    const WRITTEN: &str = "check(x = [2, 3], n = 4)";
    if !input.peek(syn::token::Paren) {
        return Err(how(name, WRITTEN));
    }
    let content;
    parenthesized!(content in input);
    let mut arguments = Vec::new();
    while !content.is_empty() {
        let parameter = Ident::parse_any(&content).map_err(|error| {
            syn::Error::new(error.span(), format!("expected a parameter and its argument, as in `{WRITTEN}`"))
        })?;
        content.parse::<Token![=]>().map_err(|_| how(name, WRITTEN))?;
        let mut argument = content.parse()?;
        hold_together(&mut argument);
        arguments.push((parameter, argument));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(arguments)
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
