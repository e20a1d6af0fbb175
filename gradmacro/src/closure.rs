//! The option `closure`: a nested `fn` that uses the locals around it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Expr, ExprLit, ExprPath, Item, ItemFn, Lit, Macro, Signature, Stmt, Token, TypeImplTrait, Visibility};

use crate::model::capture::{changes_of, names_in_format};
use crate::names::Contract;
use crate::report::Report;
use crate::syntax::attributes::is_for_lints;
use crate::syntax::scope::{Handler, Scopes, Walker};

/// The locals around a nested function that it uses, as far as the syntax tells: names of values that it does not bind
/// itself. Constants are in capitals, and a function of the module, which is taken for a local, can be cloned as well.
pub(crate) fn locals_around(function: &ItemFn) -> Vec<Ident> {
    let mut own = Scopes::default();
    own.bind_parameters(&function.sig);
    let mut finder = Finder { functions: vec![function.sig.ident.clone()], ..Finder::default() };
    Walker { handler: &mut finder, scopes: own }.visit_block_mut(&mut function.block.clone());
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Vec<Ident>,
    /// Functions that stand in the body.
    functions: Vec<Ident>,
}

impl Finder {
    fn visit(&mut self, value: &mut Expr, own: &Scopes) {
        Walker { handler: self, scopes: own.clone() }.visit_expr_mut(value);
    }

    fn add(&mut self, name: Option<&Ident>, own: &Scopes) {
        let is_local = |name: &&Ident| {
            let is_bound = own.contains(name) || self.functions.contains(name) || self.found.contains(name);
            let text = name.to_string();
            !is_bound && text.starts_with(|first: char| !first.is_uppercase()) && !NO_LOCALS.contains(&text.as_str())
        };
        self.found.extend(name.filter(is_local).cloned());
    }
}

/// What begins like a local, and is none: `self`, and the generic functions of the prelude.
const NO_LOCALS: [&str; 6] = ["self", "drop", "size_of", "size_of_val", "align_of", "align_of_val"];

impl Handler for Finder {
    fn expression(&mut self, expression: &mut Expr, own: &Scopes) -> bool {
        if let Expr::Path(path) = expression {
            self.add(path.path.get_ident(), own);
        }
        false
    }

    /// The arguments of std's macros are expressions; of others nothing is known, and a local used there alone moves.
    fn macro_tokens(&mut self, tokens: &mut Macro, own: &Scopes) {
        let Some(name) = tokens.path.segments.last().map(|last| last.ident.to_string()) else { return };
        if !VALUE_MACROS.contains(&name.as_str()) {
            return;
        }
        let arguments = tokens.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        // What follows the first argument of `matches!` is a pattern.
        let values = if name == "matches" { 1 } else { usize::MAX };
        for mut argument in arguments.into_iter().flatten().take(values) {
            match &mut argument {
                Expr::Assign(named) => self.visit(&mut named.right, own),
                Expr::Lit(ExprLit { lit: Lit::Str(format), .. }) => {
                    let text = format.token().to_string();
                    names_in_format(&text, format.span()).for_each(|name| self.add(Some(&name), own));
                }
                value => self.visit(value, own),
            }
        }
    }

    fn statement(&mut self, statement: &mut Stmt, own: &Scopes) -> bool {
        if let Stmt::Item(Item::Fn(inner)) = statement {
            self.functions.push(inner.sig.ident.clone());
            // An inner `grad` may use the locals around it; any other function cannot, and is a mistake of the user's.
            let mut scopes = own.clone();
            scopes.bind_parameters(&inner.sig);
            Walker { handler: self, scopes }.visit_block_mut(&mut inner.block);
        }
        false
    }
}

/// Macros of std that take values, separated by commas.
const VALUE_MACROS: [&str; 20] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// What a closure cannot be.
pub(crate) fn check(function: &ItemFn, report: &mut Report) {
    let ItemFn { attrs, vis, sig, block, .. } = function;
    let name = &sig.ident;
    if !matches!(vis, Visibility::Inherited) {
        report.error(
            vis,
            format_args!(
                "`{name}` is a local of the function around it, with the option `closure`; remove `{}`",
                vis.to_token_stream()
            ),
        );
    }
    if let Some(receiver) = sig.receiver() {
        report.error(receiver, format_args!("a closure has no `self` of its own; `{name}` may use the `self` of the function around it, so remove this parameter"));
    }
    if !sig.generics.params.is_empty() {
        report.error(&sig.generics, format_args!("a closure takes no generic parameters; write the types that `{name}` is called with, or define it outside, without the option `closure`"));
    }
    for attribute in attrs.iter().filter(|attribute| !is_for_lints(attribute)) {
        report.error(
            attribute,
            format_args!(
                "a closure takes no such attribute; define `{name}` outside, without the option `closure`, or remove it"
            ),
        );
    }
    let around = locals_around(function);
    for (local, change) in changes_of(&around, &mut block.clone()) {
        report.error(
            change,
            format_args!("a closure cannot change `{local}`, a local of the function around it: it has a copy of its own; return the new value, or count in a `Cell` behind an `Rc`"),
        );
    }
    let mut finder = Mistakes { name, report };
    sig.inputs.iter().for_each(|input| finder.visit_fn_arg(input));
    finder.visit_block(block);
}

struct Mistakes<'a> {
    name: &'a Ident,
    report: &'a mut Report,
}

impl Visit<'_> for Mistakes<'_> {
    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        let (found, name) = (ty.to_token_stream(), self.name);
        self.report
            .error(ty, format_args!("a closure takes no `{found}`; write the type that `{name}` is called with"));
    }
    fn visit_expr_path(&mut self, path: &ExprPath) {
        if path.path.is_ident(self.name) {
            let name = self.name;
            self.report.error(path, format_args!("a closure cannot call itself; define `{name}` outside, without the option `closure`, and make what it uses parameters"));
        }
    }
}

/// Binds the closure to the function's name, over copies of the locals that it uses.
pub(crate) fn bind(
    function: &ItemFn,
    sig: &Signature,
    around: &[Ident],
    contract: &Contract,
    body: &TokenStream,
) -> TokenStream {
    let attrs = &function.attrs;
    let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
    let lints =
        attrs.iter().filter(|attribute| !attribute.path().is_ident("doc") && !attribute.path().is_ident("inline"));
    let own = contract.get("Own");
    let dispatch = contract.get("dispatch");
    let misplaced = format!(
        "the option `closure` makes `{name}` a local: it must stand inside the block of another function, whose locals it uses"
    );
    quote! {
        #misplaced;
        #(#lints)*
        let #name = {
            #[allow(unused_imports)]
            use #dispatch::*;
            #(let #around = (&&#own(&#around)).__own();)*
            move |#inputs| #output { #body }
        };
    }
}
