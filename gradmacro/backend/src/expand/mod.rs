//! Writes the function anew. Nothing here can fail, and nothing is decided here.

mod arrays;
mod block;
mod closure;
mod configured;
mod elementwise;
mod function;
mod generated_test;
mod recompute;
mod refused;
mod rule;
mod tokens;

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Form, GradFn};

pub(crate) use configured::for_each_answer;
pub(crate) use refused::{refused, refused_model};

/// The function, and its test if one is asked for.
pub(crate) fn expand(model: &GradFn) -> TokenStream {
    let function = match &model.form {
        Form::Tensors | Form::Arrays(_) => function::in_place(model),
        Form::Closure(around) => closure::bound(model, around),
        Form::Recompute(again) => recompute::twice(model, again),
        Form::Elementwise(Some(elementwise)) => elementwise::of_tensors(model, elementwise),
        // A function that returns nothing was refused.
        Form::Elementwise(None) => TokenStream::new(),
    };
    let test = model.check.as_ref().map(|check| generated_test::test(model, check));
    quote!(#function #test)
}
