//! Collects the mistakes in a function, so that all are reported in one compile.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far. Whoever has one asks at the next barrier whether to go on: a report that is dropped with
/// mistakes in it panics, so that none is lost.
#[derive(Default)]
pub(crate) struct Report(Vec<syn::Error>);

impl Report {
    /// Adds a mistake, shown at `tokens`.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds a mistake that `syn` found.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.0.is_empty()
    }

    /// Lets pass what has no mistakes; else all of them as `compile_error!`s.
    pub(crate) fn barrier(&mut self) -> Result<(), TokenStream> {
        match std::mem::take(&mut self.0) {
            mistakes if mistakes.is_empty() => Ok(()),
            mistakes => Err(mistakes.iter().map(syn::Error::to_compile_error).collect()),
        }
    }

    /// Drops mistakes that another report has as well.
    pub(crate) fn forget(mut self) {
        self.0.clear();
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        assert!(self.0.is_empty() || std::thread::panicking(), "mistakes were found and not reported: {:?}", self.0);
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Ident;

    use super::Report;

    fn with_a_mistake() -> Report {
        let mut report = Report::default();
        report.error(Ident::new("x", proc_macro2::Span::call_site()), "a mistake");
        report
    }

    #[test]
    #[should_panic(expected = "mistakes were found and not reported")]
    fn no_mistake_is_lost() {
        drop(with_a_mistake());
    }

    #[test]
    fn a_barrier_lets_pass_what_has_no_mistakes() {
        assert!(Report::default().barrier().is_ok());
        let mut report = with_a_mistake();
        assert!(report.has_errors());
        let mistakes = report.barrier().expect_err("there is one").to_string();
        assert!(mistakes.contains("compile_error") && mistakes.contains("a mistake"), "{mistakes}");
        assert!(report.barrier().is_ok(), "they are reported once");
        with_a_mistake().forget();
    }
}
