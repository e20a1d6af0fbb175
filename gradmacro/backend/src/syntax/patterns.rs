//! What a pattern binds.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Pat, PatIdent};

/// The names that a pattern binds, in order.
pub(crate) fn names(pattern: &Pat) -> Vec<Ident> {
    bindings(|bindings| bindings.visit_pat(pattern)).into_iter().map(|binding| binding.ident).collect()
}

/// The bindings among what is visited, in order.
pub(crate) fn bindings(visit: impl FnOnce(&mut Bindings)) -> Vec<PatIdent> {
    let mut bindings = Bindings(Vec::new());
    visit(&mut bindings);
    bindings.0
}

/// Collects bindings.
pub(crate) struct Bindings(Vec<PatIdent>);

impl Visit<'_> for Bindings {
    fn visit_pat_ident(&mut self, binding: &PatIdent) {
        self.0.push(binding.clone());
        visit::visit_pat_ident(self, binding);
    }
}

/// Whether a pattern binds nothing but values, none of them mutable.
pub(crate) fn binds_values(pattern: &Pat) -> bool {
    match pattern {
        Pat::Ident(binding) => binding.mutability.is_none() && binding.by_ref.is_none() && binding.subpat.is_none(),
        Pat::Type(typed) => binds_values(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(binds_values),
        Pat::Wild(_) => true,
        _ => false,
    }
}
