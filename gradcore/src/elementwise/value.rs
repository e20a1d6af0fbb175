//! Elementary functions in the bodies of functions of one element.

#![allow(clippy::inline_always, reason = "what is left as a call keeps the loop from being one of vectors")]

use std::ops::Deref;

use crate::element::Real;

/// What a method is called on that floats have in std. A float has the library's method instead, anything else its own.
pub struct Value<X>(pub X);

impl<X> Deref for Value<X> {
    type Target = X;
    #[inline(always)]
    fn deref(&self) -> &X {
        &self.0
    }
}

macro_rules! functions {
    ($number:ident: $($function:ident)+) => { $(
        /// The library's function of that name.
        #[must_use]
        #[inline(always)]
        pub fn $function(self) -> $number {
            Real::$function(<$number>::clone(&self.0))
        }
    )+ };
}

macro_rules! floats {
    ($($float:ty: $number:ident),+) => { $(
        impl Value<$float> {
            functions!($number: exp exp_m1 ln ln_1p sin cos tan tanh);
            /// To the power of another number.
            #[must_use]
            #[inline(always)]
            pub fn powf(self, power: $number) -> $number {
                Real::powf(<$number>::clone(&self.0), power)
            }
        }
    )+ };
}
floats!(f32: f32, f64: f64, &f32: f32, &f64: f64);
