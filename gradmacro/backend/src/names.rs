//! Every name and path that generated code contains. Locals have the macro's hygiene: no user's name can clash.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;
use syn::ext::IdentExt;

/// The attribute on a parameter that takes no gradient.
pub(crate) const NONDIFF: &str = "nondiff";

/// The attribute on a function some of whose gradients never use their upstream gradient, on purpose.
pub(crate) const ALLOW_CONSTANT_GRADIENT: &str = "allow_constant_gradient";

/// Methods of the contract that are found by the type of what they are called on.
pub(crate) mod method {
    use proc_macro2::{Ident, Span};

    /// Whether an argument is an input, and which.
    pub(crate) fn parameter() -> Ident {
        Ident::new("__parameter", Span::mixed_site())
    }

    /// Keeps a capture for the rule.
    pub(crate) fn keep_for_grad(place: Span) -> Ident {
        Ident::new("keep_for_grad", place)
    }

    /// Refuses what is no use to change.
    pub(crate) fn written(place: Span) -> Ident {
        Ident::new("__written", place)
    }

    /// Compares element by element, or as Rust does.
    pub(crate) fn compare(place: Span) -> Ident {
        Ident::new("__compare", place)
    }

    /// Copies a local for a closure.
    pub(crate) fn own() -> Ident {
        Ident::new("__own", Span::mixed_site())
    }

    /// Makes an argument of a generated test from sizes, or takes a value for it.
    pub(crate) fn given(is_sizes: bool, place: Span) -> Ident {
        Ident::new(if is_sizes { "__sizes" } else { "__value" }, place)
    }
}

/// The function of one element inside a function of tensors. Items have no hygiene, so it is a name that nobody gives.
pub(crate) fn of_one_element(function: &Ident) -> Ident {
    quote::format_ident!("{}_of_one_element", function.unraw())
}

/// A local of the generated code.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The macro's hygiene, at the user's place: what goes wrong there is shown there.
pub(crate) fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// The running call.
pub(crate) fn call() -> Ident {
    local("call")
}

/// What the function of one element runs for.
pub(crate) fn mode() -> Ident {
    local("mode")
}

/// A backward function that was written in the pair.
pub(crate) fn rule() -> Ident {
    local("rule")
}

/// What makes a body run again for its gradient.
pub(crate) fn rerun() -> Ident {
    local("rerun")
}

/// While it lives, the body draws the random numbers of its first run again.
pub(crate) fn replay() -> Ident {
    local("replay")
}

/// A closure of which each call uses a clone.
pub(crate) fn lent() -> Ident {
    local("lent")
}

/// The value of a pair, where it is made before the call ends.
pub(crate) fn value() -> Ident {
    local("value")
}

/// What takes the gradients.
pub(crate) fn sink(place: Span) -> Ident {
    Ident::new("sink", at(place))
}

/// The upstream gradients, before they have the user's names and types.
pub(crate) fn upstream(place: Span) -> Ident {
    Ident::new("upstream", at(place))
}

/// The upstream gradient of one of several outputs, before it has the user's name and type.
pub(crate) fn upstream_of(output: usize, place: Span) -> Ident {
    Ident::new(&format!("upstream_{output}"), at(place))
}

/// The method that gives an argument as an array.
pub(crate) fn view(optional: bool, place: Span) -> Ident {
    Ident::new(if optional { "view_optional" } else { "view" }, place)
}

/// What turns an array into a gradient.
pub(crate) fn give(place: Span) -> Ident {
    Ident::new("give", at(place))
}

/// A gradient.
pub(crate) fn gradient(place: Span) -> Ident {
    Ident::new("gradient", at(place))
}

/// What an array parameter, or a captured array, is seen through.
pub(crate) fn held(place: Span) -> Ident {
    Ident::new("held", at(place))
}

/// What is kept of a capture.
pub(crate) fn residual(name: &str, place: Span) -> Ident {
    Ident::new(&format!("residual_{name}"), at(place))
}

/// What keeps the value of a `let` of `grad` that may be left out.
pub(crate) fn shared(statement: usize, names: &[Ident]) -> Ident {
    let named = names.iter().map(|name| name.unraw().to_string()).collect::<Vec<_>>().join("_");
    local(&format!("shared_{statement}_{named}"))
}

/// A part of a pattern written as `_`.
pub(crate) fn left_out(number: usize) -> Ident {
    local(&format!("_left_out_{number}"))
}

/// What stands in `grad` for a captured part of a local, such as `its_self_w` for `self.w`.
pub(crate) fn captured(name: &str, place: Span) -> Ident {
    Ident::new(&format!("its_{name}"), at(place))
}

/// A parameter written as `_`.
pub(crate) fn unnamed_parameter(index: usize) -> Ident {
    local(&format!("_parameter_{index}"))
}

/// An argument in a generated test.
pub(crate) fn argument(position: usize) -> Ident {
    local(&format!("argument_{position}"))
}

/// The test of a function, at the user's place, where anybody may call it.
pub(crate) fn test_of(function: &Ident, place: Span) -> Ident {
    Ident::new(&format!("{}_gradients", function.unraw()), place)
}

/// The part of `gradcore` made for generated code.
#[derive(Clone)]
pub(crate) struct Contract {
    /// The path of the crate that has it.
    home: TokenStream,
    /// Whether the user wrote that path.
    is_written: bool,
}

impl Contract {
    /// With `crate = path`, `gradcore` lives at that path; otherwise at the one that the attribute says.
    pub(crate) fn new(gradcore: Option<&Path>, home: &str) -> Self {
        match gradcore {
            Some(path) => Contract { home: path.to_token_stream(), is_written: true },
            None => Contract { home: home.parse().unwrap_or_default(), is_written: false },
        }
    }

    /// An item of the contract; errors in its use are shown at `place`.
    pub(crate) fn item(&self, name: &str, place: Span) -> TokenStream {
        let (home, name) = (self.at(place), Ident::new(name, place));
        quote_spanned!(place=> #home::__private::#name)
    }

    /// The path, shown at `place` unless the user wrote it.
    fn at(&self, place: Span) -> TokenStream {
        let moved = self.home.clone().into_iter().map(|mut token| {
            if !self.is_written {
                token.set_span(place);
            }
            token
        });
        moved.collect()
    }

    /// An item of the contract over arrays; errors in its use are shown at `place`.
    pub(crate) fn arrays(&self, name: &str, place: Span) -> TokenStream {
        let (arrays, name) = (self.item("arrays", place), Ident::new(name, place));
        quote_spanned!(place=> #arrays::#name)
    }

    /// An item of the contract.
    pub(crate) fn get(&self, name: &str) -> TokenStream {
        self.item(name, Span::mixed_site())
    }
}
