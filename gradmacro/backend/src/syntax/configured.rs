//! `#[cfg(…)]` and `#[cfg_attr(…)]` in a function. rustc takes them out after the macro has run, and the macro has to know
//! before which statements, pairs and parameters there are. So it asks rustc: the function is written twice, once for each
//! answer to the first question in it, and the attribute runs again on the one that is left.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, Block, Expr, ExprClosure, ExprMatch, ExprStruct, Generics, Item, ItemFn, Meta, Pat, PatStruct,
    Signature, Token, parse_quote,
};

/// A function under a condition that is not known yet.
pub(crate) struct Question {
    pub(crate) condition: TokenStream,
    pub(crate) if_so: ItemFn,
    pub(crate) if_not: ItemFn,
}

/// The first question in a function, if there is one.
pub(crate) fn question(function: &ItemFn) -> Option<Question> {
    if !asks(function) {
        return None;
    }
    let mut first = Resolver { condition: None, holds: None };
    first.visit_item_fn_mut(&mut function.clone());
    let condition = first.condition?;
    let under = |holds| {
        let mut function = function.clone();
        Resolver { condition: Some(condition.clone()), holds: Some(holds) }.visit_item_fn_mut(&mut function);
        function
    };
    Some(Question { if_so: under(true), if_not: under(false), condition })
}

/// Whether there is any.
fn asks(function: &ItemFn) -> bool {
    struct Asked(bool);
    impl Visit<'_> for Asked {
        fn visit_attribute(&mut self, attribute: &Attribute) {
            self.0 |= ["cfg", "cfg_attr"].iter().any(|name| attribute.path().is_ident(name));
        }
        fn visit_item(&mut self, item: &Item) {
            if let Item::Fn(_) = item {
                visit::visit_item(self, item);
            }
        }
    }
    let mut asked = Asked(false);
    asked.visit_item_fn(function);
    asked.0
}

/// Finds the first condition, or takes out what depends on it.
struct Resolver {
    condition: Option<TokenStream>,
    holds: Option<bool>,
}

impl Resolver {
    /// What is known of a condition.
    fn answer(&mut self, condition: &TokenStream) -> Option<bool> {
        let asked = self.condition.get_or_insert_with(|| condition.clone());
        self.holds.filter(|_| asked.to_string() == condition.to_string())
    }

    /// Answers what attributes ask. Whether what they stand on stays.
    fn stays(&mut self, attributes: &mut Vec<Attribute>) -> bool {
        let mut stays = true;
        let answered = std::mem::take(attributes).into_iter().flat_map(|attribute| {
            let Meta::List(list) = &attribute.meta else { return vec![attribute] };
            if list.path.is_ident("cfg") {
                let Some(holds) = self.answer(&list.tokens) else { return vec![attribute] };
                stays &= holds;
                return Vec::new();
            }
            if list.path.is_ident("cfg_attr")
                && let Ok((condition, granted)) = conditional.parse2(list.tokens.clone())
                && let Some(holds) = self.answer(&condition)
            {
                let granted = granted.into_iter().map(|meta| parse_quote!(#[#meta]));
                return if holds { granted.collect() } else { Vec::new() };
            }
            vec![attribute]
        });
        *attributes = answered.collect();
        stays
    }

    /// Answers what stands before some tokens, and gives the rest if it stays.
    fn rest(&mut self, tokens: TokenStream) -> Option<TokenStream> {
        let (mut attributes, rest) = after_attributes.parse2(tokens).ok()?;
        self.stays(&mut attributes).then(|| quote!(#(#attributes)* #rest))
    }

    /// What stays of a list.
    fn list<T: ToTokens>(
        &mut self,
        list: &mut Punctuated<T, Token![,]>,
        parse: impl Fn(ParseStream) -> syn::Result<T>,
    ) {
        if !list.iter().any(begins_with_attribute) {
            return;
        }
        let stay = std::mem::take(list).into_pairs().filter_map(|pair| {
            let (element, comma) = pair.into_tuple();
            let element = match begins_with_attribute(&element) {
                true => (&parse).parse2(self.rest(element.to_token_stream())?).ok()?,
                false => element,
            };
            Some(syn::punctuated::Pair::new(element, comma))
        });
        *list = stay.collect();
    }
}

/// The condition of `#[cfg_attr(…)]`, and what it grants.
fn conditional(input: ParseStream) -> syn::Result<(TokenStream, Punctuated<Meta, Token![,]>)> {
    let condition: Meta = input.parse()?;
    input.parse::<Token![,]>()?;
    Ok((condition.to_token_stream(), Punctuated::parse_terminated(input)?))
}

fn after_attributes(input: ParseStream) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    Ok((Attribute::parse_outer(input)?, input.parse()?))
}

fn begins_with_attribute(tokens: &impl ToTokens) -> bool {
    let first = tokens.to_token_stream().into_iter().next();
    first.is_some_and(|token| matches!(token, proc_macro2::TokenTree::Punct(hash) if hash.as_char() == '#'))
}

impl VisitMut for Resolver {
    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        // Whether the function itself stays is not the macro's to say.
        let (of_itself, mut others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut function.attrs).into_iter().partition(|attribute| attribute.path().is_ident("cfg"));
        self.stays(&mut others);
        function.attrs = of_itself.into_iter().chain(others).collect();
        visit_mut::visit_item_fn_mut(self, function);
    }

    fn visit_signature_mut(&mut self, signature: &mut Signature) {
        self.list(&mut signature.inputs, Parse::parse);
        visit_mut::visit_signature_mut(self, signature);
    }

    fn visit_generics_mut(&mut self, generics: &mut Generics) {
        self.list(&mut generics.params, Parse::parse);
        visit_mut::visit_generics_mut(self, generics);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let statements = std::mem::take(&mut block.stmts).into_iter().flat_map(|statement| {
            if !begins_with_attribute(&statement) {
                return vec![statement];
            }
            let Some(rest) = self.rest(statement.to_token_stream()) else { return Vec::new() };
            Block::parse_within.parse2(rest).unwrap_or_else(|_| vec![statement])
        });
        block.stmts = statements.collect();
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_match_mut(&mut self, branches: &mut ExprMatch) {
        branches.arms.retain_mut(|Arm { attrs, .. }| self.stays(attrs));
        visit_mut::visit_expr_match_mut(self, branches);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.list(&mut closure.inputs, closure_parameter);
        visit_mut::visit_expr_closure_mut(self, closure);
    }

    fn visit_expr_struct_mut(&mut self, made: &mut ExprStruct) {
        self.list(&mut made.fields, Parse::parse);
        visit_mut::visit_expr_struct_mut(self, made);
    }

    fn visit_pat_struct_mut(&mut self, pattern: &mut PatStruct) {
        pattern.fields = std::mem::take(&mut pattern.fields)
            .into_pairs()
            .filter_map(|mut pair| self.stays(&mut pair.value_mut().attrs).then_some(pair))
            .collect();
        visit_mut::visit_pat_struct_mut(self, pattern);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Array(several) => self.list(&mut several.elems, Parse::parse),
            Expr::Call(call) => self.list(&mut call.args, Parse::parse),
            Expr::MethodCall(call) => self.list(&mut call.args, Parse::parse),
            Expr::Tuple(several) => self.list(&mut several.elems, Parse::parse),
            _ => {}
        }
        visit_mut::visit_expr_mut(self, expression);
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Item::Fn(_) = item {
            visit_mut::visit_item_mut(self, item);
        }
    }
}

fn closure_parameter(input: ParseStream) -> syn::Result<Pat> {
    let attrs = Attribute::parse_outer(input)?;
    let pattern = Pat::parse_single(input)?;
    let Some(colon_token) = input.parse()? else { return Ok(parse_quote!(#(#attrs)* #pattern)) };
    Ok(Pat::Type(syn::PatType { attrs, pat: Box::new(pattern), colon_token, ty: input.parse()? }))
}
