//! A function in which `#[cfg(…)]` asks something.

use proc_macro2::TokenStream;
use quote::quote;

use crate::names::Contract;
use crate::syntax::configured::Question;

/// The function once for each answer.
///
/// Input:
///
/// ```text
/// fn scale(x: &Tensor, #[cfg(test)] k: f32) -> Tensor { … }
/// ```
///
/// Output:
///
/// ```text
/// #[cfg(test)]
/// #[custom_gradient]
/// fn scale(x: &Tensor, k: f32) -> Tensor { … }
/// #[cfg(not(test))]
/// #[custom_gradient]
/// fn scale(x: &Tensor) -> Tensor { … }
/// ```
pub(crate) fn for_each_answer(question: &Question, options: &TokenStream, contract: &Contract) -> TokenStream {
    let Question { condition, if_so, if_not } = question;
    let attribute = contract.get("custom_gradient");
    quote! {
        #[cfg(#condition)]
        #[#attribute(#options)]
        #if_so
        #[cfg(not(#condition))]
        #[#attribute(#options)]
        #if_not
    }
}
