//! Names as a person reads them.

use proc_macro2::Ident;

/// A name without the `r#` that makes it one.
pub(crate) fn unraw(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}
