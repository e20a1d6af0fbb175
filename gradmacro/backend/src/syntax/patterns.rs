//! What a pattern binds.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Pat, PatIdent};

/// The names that patterns bind, in order.
#[derive(Default)]
pub(crate) struct Names(pub(crate) Vec<Ident>);

impl Names {
    pub(crate) fn of(pattern: &Pat) -> Vec<Ident> {
        let mut names = Names::default();
        names.visit_pat(pattern);
        names.0
    }
}

impl Visit<'_> for Names {
    fn visit_pat_ident(&mut self, binding: &PatIdent) {
        self.0.push(binding.ident.clone());
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
