//! What an attribute is for.

use syn::Attribute;

/// Whether an attribute sets lints, or documents: one that changes nothing of what is compiled.
pub(crate) fn is_for_lints(attribute: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "doc", "inline"].iter().any(|name| attribute.path().is_ident(name))
}
