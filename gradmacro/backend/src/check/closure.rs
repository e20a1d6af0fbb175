//! What a closure cannot be.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{ExprPath, ItemFn, TypeImplTrait, Visibility};

use crate::model::capture::changes_of;
use crate::model::closure::Around;
use crate::report::Report;
use crate::syntax::attributes::is_for_lints;

/// Reports it.
pub(crate) fn check(function: &ItemFn, around: &Around, report: &mut Report) {
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
    for (local, change) in changes_of(&around.locals, &mut block.clone()) {
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
