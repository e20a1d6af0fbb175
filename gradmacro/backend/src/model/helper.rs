//! Helper closures of the body that `grad` uses too, as in `let scaled = |t: &Tensor| t * x;`, and local `macro_rules!`.
//!
//! Such a closure borrows the locals around it, and `grad` outlives these. So `grad` makes it anew, over what it keeps of
//! them. One that owns what it uses is captured like any other local.

use proc_macro2::TokenStream;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Ident, Item, ItemFn, Local, LocalInit, Pat, Signature, Stmt, Type, parse_quote};

use crate::model::exit::Exit;
use crate::syntax::attributes::is_for_lints;
use crate::syntax::groups::peeled;
use crate::syntax::mention::Mentioned;
use crate::syntax::patterns;
use crate::syntax::scope::{Scopes, is_closure};

/// A statement that binds a closure.
#[derive(Clone)]
pub(crate) struct Helper {
    pub(crate) name: Ident,
    pub(crate) statement: Stmt,
    mentioned: Mentioned,
    /// How many locals were visible where it stands.
    visible: usize,
    /// Those among them that it may use, with their places among the visible ones.
    used: Vec<(Ident, usize)>,
    pub(crate) is_macro: bool,
}

impl Helper {
    /// The helper that a statement binds, if it is one that borrows. `borrowed` are the parameters that are references.
    pub(super) fn of(statement: &Stmt, scopes: &Scopes, borrowed: &[Ident]) -> Option<Self> {
        let Bound { name, parameters, owns, is_macro } = bound(statement)?;
        let mentioned = Mentioned::among(statement);
        let uses = |local: &Ident| !parameters.contains(local) && mentioned.contains(&local.to_string());
        // A closure that owns what it uses is kept as it is, unless that is a reference.
        if owns && !borrowed.iter().any(uses) {
            return None;
        }
        let used = scopes.visible().filter(|(local, _)| uses(local));
        let used = used.map(|(local, place)| (local.clone(), place)).collect();
        Some(Helper { name, statement: statement.clone(), mentioned, visible: scopes.len(), used, is_macro })
    }

    /// Whether its block has not ended.
    pub(super) fn is_within(&self, scopes: &Scopes) -> bool {
        self.visible < scopes.len() || (self.is_macro && self.visible == scopes.len())
    }

    /// Whether its name, and those that it uses, mean what they meant where it stands.
    fn is_as_it_was(&self, scopes: &Scopes) -> bool {
        (self.is_macro || scopes.place_of(&self.name) == Some(self.visible))
            && self.used.iter().all(|(local, place)| scopes.place_of(local) == Some(*place))
    }
}

/// A closure that a statement binds.
struct Bound {
    name: Ident,
    parameters: Vec<Ident>,
    /// Whether it owns what it uses.
    owns: bool,
    is_macro: bool,
}

fn bound(statement: &Stmt) -> Option<Bound> {
    match statement {
        Stmt::Local(Local {
            attrs,
            pat: Pat::Ident(binding),
            init: Some(LocalInit { expr, diverge: None, .. }),
            ..
        }) if binding.mutability.is_none() && attrs.iter().all(is_for_lints) => match peeled(expr) {
            Expr::Closure(closure) => Some(Bound {
                name: binding.ident.clone(),
                parameters: closure.inputs.iter().flat_map(patterns::names).collect(),
                owns: closure.capture.is_some(),
                is_macro: false,
            }),
            _ => None,
        },
        Stmt::Item(Item::Fn(function)) if is_closure(function) => {
            let inputs = &function.sig.inputs;
            let bindings = patterns::bindings(|bindings| inputs.iter().for_each(|input| bindings.visit_fn_arg(input)));
            let parameters = bindings.into_iter().map(|binding| binding.ident).collect();
            Some(Bound { name: function.sig.ident.clone(), parameters, owns: true, is_macro: false })
        }
        // Its names mean the locals above it.
        Stmt::Item(Item::Macro(defined)) => {
            Some(Bound { name: defined.ident.clone()?, parameters: Vec::new(), owns: false, is_macro: true })
        }
        _ => None,
    }
}

/// The parameters that are references to what does not live forever.
pub(super) fn borrowed(signature: &Signature) -> Vec<Ident> {
    let of_typed = |input: &syn::FnArg| match input {
        syn::FnArg::Typed(input) => match (&*input.pat, &*input.ty) {
            (Pat::Ident(binding), Type::Reference(reference)) => {
                let lives_forever = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
                (!lives_forever).then(|| binding.ident.clone())
            }
            _ => None,
        },
        syn::FnArg::Receiver(receiver) => matches!(receiver.kind, syn::ReceiverKind::Reference(..))
            .then(|| Ident::new("self", receiver.self_token.span)),
    };
    signature.inputs.iter().filter_map(of_typed).collect()
}

/// The helpers that a rule uses, itself or through others, in the order in which they stand.
pub(super) fn used_by(rule: TokenStream, helpers: &[Helper], scopes: &Scopes) -> Vec<Helper> {
    let mut users = vec![Mentioned::among(&rule)];
    let mut used: Vec<Helper> = Vec::new();
    for helper in helpers.iter().rev() {
        let name = helper.name.to_string();
        if helper.is_as_it_was(scopes) && users.iter().any(|user| user.contains(&name)) {
            users.push(helper.mentioned.clone());
            used.push(helper.clone());
        }
    }
    used.reverse();
    used
}

/// Takes a helper that rules alone use out of the body: it would take with it what it consumes. What may change stays
/// borrowed.
pub(super) fn taken_out(helper: &Helper, function: &mut ItemFn, exits: &[Exit]) -> bool {
    let bindings = patterns::bindings(|bindings| bindings.visit_item_fn(function));
    let may_change =
        |local: &Ident| bindings.iter().any(|binding| binding.ident == *local && binding.mutability.is_some());
    if helper.used.iter().any(|(local, _)| may_change(local)) {
        return false;
    }
    let body = &mut function.block;
    let mut finder = Bindings { name: &helper.name, found: 0, remove: false };
    let mut rest = (**body).clone();
    finder.visit_block_mut(&mut rest);
    finder.remove = true;
    finder.visit_block_mut(&mut rest);
    let name = helper.name.to_string();
    let is_used = Mentioned::among(&rest).contains(&name)
        || exits.iter().any(|exit| Mentioned::among(&exit.value).contains(&name));
    let is_taken = finder.found == 2 && !is_used;
    if is_taken {
        **body = rest;
    }
    is_taken
}

/// Counts the closures of a name, or removes them.
struct Bindings<'a> {
    name: &'a Ident,
    found: usize,
    remove: bool,
}

impl VisitMut for Bindings<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| {
            let is_it = bound(statement).is_some_and(|Bound { name, .. }| name == *self.name);
            self.found += usize::from(is_it);
            !(is_it && self.remove)
        });
        visit_mut::visit_block_mut(self, block);
    }
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The statement as it stands in a rule, where it may be that another local of its name is meant.
pub(super) fn within_rule(helper: &Helper) -> Stmt {
    let mut statement = helper.statement.clone();
    match &mut statement {
        Stmt::Local(local) => local.attrs.push(parse_quote!(#[allow(unused_variables)])),
        Stmt::Item(Item::Fn(function)) => function.attrs.push(parse_quote!(#[allow(unused_variables)])),
        _ => {}
    }
    statement
}
