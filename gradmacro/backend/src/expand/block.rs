//! Puts exits and rules back into a body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Expr};

use super::rule;
use crate::model::GradFn;
use crate::model::exit;
use crate::model::hole::{Hole, fill_block, fill_expr};
use crate::model::rule::Rule;
use crate::names;

/// What becomes of the exits of a body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Exits {
    /// The value is returned, and recorded with its rule.
    Recorded,
    /// The value alone is returned: the rule is made when the body runs again.
    Value,
    /// The body runs again: the rule alone is made, and run.
    Again,
}

/// The body with its exits and rules put back.
pub(super) fn filled(model: &GradFn, exits: Exits) -> Block {
    let mut body = (*model.function.block).clone();
    let filler = Filler { model, exits };
    fill_block(&mut body, |hole| filler.put(hole));
    body
}

struct Filler<'a> {
    model: &'a GradFn,
    exits: Exits,
}

/// The type of the value, without its `Result`.
pub(super) fn output(model: &GradFn) -> TokenStream {
    let output = model.form.arrays().map(|arrays| &arrays.output).or(model.output.value.as_ref());
    output.map_or_else(|| quote!(_), ToTokens::to_token_stream)
}

impl Filler<'_> {
    fn put(&self, hole: Hole) -> TokenStream {
        match (hole, self.exits) {
            (Hole::Exit(number), _) => self.exit(number),
            (Hole::Rule(number), Exits::Value) => self.rule(number),
            (Hole::Rule(number), _) if self.model.rules[number].takes_functions => {
                let (kept, _) = rule::kept_and_backward(&self.model.rules[number], self.model);
                let residuals = self.residuals(number);
                self.held(&self.model.rules[number], quote!({ #kept #residuals }))
            }
            (Hole::Rule(number), _) => self.held(&self.model.rules[number], self.rule(number)),
        }
    }

    fn exit(&self, number: usize) -> TokenStream {
        let exit = &self.model.exits[number];
        let (call, mut value) = (names::call(), exit.value.clone());
        // A `return` in the value is an exit too: it needs the call, so the value comes before `exit` takes it.
        let is_left_early = fill_expr(&mut value, |hole| self.put(hole));
        let (output, place) = (output(self.model), names::at(value.span()));
        if self.exits == Exits::Value {
            return quote_spanned!(place=> #call.value::<#output>(#value));
        }
        let rule = match &exit.rule {
            exit::Rule::Named(name) => self.released(name),
            exit::Rule::Found(rule) => self.rule(*rule),
            exit::Rule::InPlace(closure) => closure.to_token_stream(),
        };
        if let Some(rule) = self.made_at(exit) {
            return self.made_last(exit, rule, &value, place);
        }
        if let (exit::Rule::Named(_), false, Exits::Recorded) = (&exit.rule, is_left_early, self.exits)
            && !self.holds_captures()
        {
            return quote_spanned!(place=> #call.exit::<#output>(#value, #rule));
        }
        if self.exits == Exits::Again {
            let (replay, upstream, sink) = (names::replay(), names::upstream(place), names::sink(place));
            let made = names::rule();
            // What the value was is known; what it is made of is used all the same, and made if that changes a capture.
            let make_value = match exit.changes_captures {
                true => quote_spanned!(place=> #call.value::<#output>(#value);),
                false => quote_spanned!(place=> if false { #call.value::<#output>(#value); }),
            };
            let make_rule = quote_spanned!(place=> let #made = #rule;);
            let both =
                if exit.changes_captures { quote!(#make_value #make_rule) } else { quote!(#make_rule #make_value) };
            return quote_spanned! {place=> {
                #both
                #call.again::<#output, _>(#replay, #made, #upstream, #sink)
            }};
        }
        // The rule keeps clones, so it is made before the value is moved out.
        let (made, valued) = (names::rule(), names::value());
        let make_value = quote_spanned!(place=> let #valued = #value;);
        let make_rule = quote_spanned!(place=> let #made = #rule;);
        match (is_left_early, exit.changes_captures) {
            (_, true) => quote_spanned!(place=> { #make_value #make_rule #call.exit::<#output>(#valued, #made) }),
            (true, false) => quote_spanned!(place=> { #make_rule #make_value #call.exit::<#output>(#valued, #made) }),
            (false, false) => quote_spanned!(place=> { #make_rule #call.exit::<#output>(#value, #made) }),
        }
    }

    /// The rule of an exit, if it is made there after the value.
    fn made_at(&self, exit: &exit::Exit) -> Option<usize> {
        let number = match &exit.rule {
            exit::Rule::Found(number) => *number,
            exit::Rule::Named(name) => self.model.rules.iter().position(|rule| rule.name.as_ref() == Some(name))?,
            exit::Rule::InPlace(_) => return None,
        };
        self.model.rules[number].takes_functions.then_some(number)
    }

    fn residuals(&self, number: usize) -> TokenStream {
        let residuals = self.model.rules[number].captures.iter().map(|captured| &captured.residual);
        quote!((#(#residuals,)*))
    }

    /// A pair whose rule is made after the value, of what was kept before.
    fn made_last(&self, exit: &exit::Exit, number: usize, value: &Expr, place: Span) -> TokenStream {
        let (kept, backward) = rule::kept_and_backward(&self.model.rules[number], self.model);
        let (call, output, valued, made) = (names::call(), output(self.model), names::value(), names::rule());
        let kept = match &exit.rule {
            exit::Rule::Named(name) => {
                let (residuals, released) = (self.residuals(number), self.released(name));
                quote!(let #residuals = #released;)
            }
            _ => kept,
        };
        let make_value = quote_spanned!(place=> let #valued = #value;);
        let first = if exit.changes_captures { quote!(#make_value #kept) } else { quote!(#kept #make_value) };
        let make_rule = if_watched(&output, &quote!(), &backward);
        quote_spanned!(place=> { #first let #made = #make_rule; #call.exit::<#output>(#valued, #made) })
    }

    /// Whether rules borrow captures until the pair, so that nothing changes them.
    fn holds_captures(&self) -> bool {
        self.model.rules.iter().any(|rule| rule.captures.iter().any(|captured| captured.may_change))
    }

    /// A rule that was bound to a name, when it is used.
    fn released(&self, name: &Ident) -> TokenStream {
        match self.holds_captures() {
            true => quote_spanned!(names::at(name.span())=> #name.release()),
            false => name.to_token_stream(),
        }
    }

    /// A rule with the captures that must not change while it waits for the pair. Where one rule of a function has some, all
    /// are in this form.
    fn held(&self, rule: &Rule, made: TokenStream) -> TokenStream {
        if !self.holds_captures() {
            return made;
        }
        let hold = self.model.contract.get("hold");
        let borrows = rule.captures.iter().filter(|captured| captured.may_change).map(|captured| {
            let place = captured.place.expression();
            quote_spanned!(names::at(captured.place.span())=> &#place)
        });
        quote!(#hold(#made, (#(#borrows,)*)))
    }

    fn rule(&self, number: usize) -> TokenStream {
        if self.exits == Exits::Value {
            return quote!(());
        }
        let (keeps, backward) = rule::kept_and_backward(&self.model.rules[number], self.model);
        let (call, output) = (names::call(), output(self.model));
        match self.exits {
            Exits::Again => quote!({ #keeps #call.rule::<#output, _>(#backward) }),
            _ => if_watched(&output, &keeps, &backward),
        }
    }
}

/// The backward function, which is made, and for which things are kept, only if a tape watches an input.
pub(super) fn if_watched(output: &TokenStream, keeps: &TokenStream, rule: &TokenStream) -> TokenStream {
    let call = names::call();
    quote! {
        if #call.is_watched() {
            #keeps
            #call.backward::<#output, _>(#rule)
        } else {
            #call.unwatched::<#output>()
        }
    }
}
