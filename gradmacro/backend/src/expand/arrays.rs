//! The option `arrays`: what binds arrays in the body and in `grad`, and makes tensors of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, Pat, Type};

use crate::model::arrays::{Arrays, Binding};
use crate::model::parameter::Parameter;
use crate::names::{self, Contract};
use crate::syntax::groups::peeled_type;

impl Arrays {
    /// Adds to what a parameter is the array that it is seen as.
    pub(crate) fn ranked(&self, position: usize, parameter: TokenStream, contract: &Contract) -> TokenStream {
        let Some(Binding { ty, .. }) = &self.parameters[position] else { return contract.get("Constant") };
        let ranked = contract.arrays("ranked", names::at(ty.span()));
        let ty = without_lifetimes(ty);
        quote!(#ranked::<#ty, _>(#parameter))
    }

    /// Binds each array parameter to the array that the body sees.
    ///
    /// Output: `let a: ArrayView2<f32> = own(call.view::<ArrayView2<f32>>(a, 0));`
    pub(crate) fn bindings(&self, parameters: &[Parameter], contract: &Contract) -> TokenStream {
        let call = names::call();
        let arrays = self.parameters.iter().zip(parameters).enumerate();
        arrays
            .filter_map(|(position, (binding, parameter))| Some((position, binding.as_ref()?, &parameter.name)))
            .map(|(position, Binding { mutability, ty, optional }, name)| {
                let (bare, place) = (without_lifetimes(ty), names::at(ty.span()));
                let view = names::view(*optional, place);
                let view = quote_spanned!(place=> #call.#view::<#bare>(#name, #position));
                // The macro uses every parameter, also one that the user says is not used.
                let underscored = name.to_string().starts_with('_');
                let allowed = underscored.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
                let binding = match optional {
                    true => {
                        let own = contract.arrays("own_optional", place);
                        quote_spanned!(place=> let #mutability #name: #bare = #own(#view);)
                    }
                    false => bind(&quote!(#mutability #name), ty, &view, contract),
                };
                quote!(#allowed #binding)
            })
            .collect()
    }
}

/// Binds a name to what its type makes of a view.
pub(crate) fn bind(pattern: &TokenStream, ty: &Type, view: &TokenStream, contract: &Contract) -> TokenStream {
    let place = names::at(ty.span());
    let (own, hold) = (contract.arrays("own", place), contract.arrays("hold", place));
    match peeled_type(ty) {
        Type::Reference(reference) => {
            let (referent, held) = (without_lifetimes(&reference.elem), names::held(place));
            quote_spanned! {place=>
                let #held = #hold::<#referent, _, _>(#view);
                let #pattern: &#referent = &#held;
            }
        }
        ty => {
            let ty = without_lifetimes(ty);
            quote_spanned!(place=> let #pattern: #ty = #own(#view);)
        }
    }
}

/// The parameter that receives the upstream gradients, and the `let`s that give them the types that the user wrote.
pub(crate) fn upstream(parameters: &[(Pat, Option<Type>)], contract: &Contract) -> (TokenStream, TokenStream) {
    let mut bindings = TokenStream::new();
    let received: Vec<TokenStream> = parameters
        .iter()
        .enumerate()
        .map(|(output, (pattern, ty))| {
            let Some(ty) = ty else { return pattern.to_token_stream() };
            let received = names::upstream_of(output, pattern.span()).to_token_stream();
            bindings.extend(bind(&pattern.to_token_stream(), ty, &received, contract));
            received
        })
        .collect();
    match &received[..] {
        [one] => (one.clone(), bindings),
        several => (quote!((#(#several),*)), bindings),
    }
}

/// Gives what is kept the name, and so the type, that it has outside.
pub(crate) fn seen(binding: &TokenStream, residual: &Ident, place: Span) -> TokenStream {
    let held = names::held(place);
    quote_spanned! {place=>
        let #held = #residual.hold();
        #binding = #residual.see(&#held);
    }
}

/// Gives the next gradient. It becomes a tensor where it stands, since it may look into what was seen.
pub(crate) fn next(seen: &TokenStream, declared: Option<&Type>, value: &TokenStream, place: Span) -> TokenStream {
    let (give, gradient) = (names::give(place), names::gradient(place));
    let (declared, value) = match declared {
        Some(ty) => (quote_spanned!(place=> let #gradient: #ty = #value;), gradient.to_token_stream()),
        None => (quote!(), value.clone()),
    };
    quote_spanned! {place=>
        .next(|#give| {
            #seen
            #declared
            let #gradient = #give.gradient(#value);
            #gradient
        })
    }
}

/// A copy of an argument lives no longer than the call, whatever lifetime the signature names.
fn without_lifetimes(ty: &Type) -> Type {
    struct Erase;
    impl syn::visit_mut::VisitMut for Erase {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            lifetime.ident = Ident::new("_", lifetime.ident.span());
        }
    }
    let mut ty = ty.clone();
    syn::visit_mut::VisitMut::visit_type_mut(&mut Erase, &mut ty);
    ty
}
