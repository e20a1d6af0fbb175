//! Functions through which a gradient passes unchanged.

use std::panic::Location;

use crate::element::Element;
use crate::error::{Error, refuse};
use crate::recording::call_site::Rule;
use crate::rule::{Input, enter};
use crate::tensor::Tensor;
use crate::tuples::nested;

/// `f`, with the derivative of the identity: the straight-through estimator of a function that has no useful derivative.
///
/// `f` takes up to 4 tensors by reference, and returns as many, of the same dtypes and shapes; each gradient goes to the
/// argument in the place of its output. The types of a closure's parameters are written out.
///
/// # Panics
/// The function panics if an output has another shape than its argument, or if `f` reads a tensor or variable that a tape
/// watches and that is no argument: its gradient would be lost.
///
/// ```
/// use gradcore::prelude::*;
///
/// let rounded = tf::grad_pass_through(|x: &Tensor| tf::round(x));
///
/// let x = tf::constant([0.4, 1.6, -2.5]);
/// let tape = GradientTape::new();
/// tape.watch(&x);
/// let y = rounded(&x);
/// assert_eq!(y.to_vec(), [0.0, 2.0, -2.0]);
/// assert_eq!(tape.gradient(&y, &x)?.to_vec(), [1.0, 1.0, 1.0]);
/// # Ok::<(), Error>(())
/// ```
#[track_caller]
pub fn grad_pass_through<'f, F: PassThrough<'f, S>, S>(f: F) -> F::Passed {
    f.passed(Location::caller())
}

/// What [`grad_pass_through`] takes: a function whose signature is `S`.
#[diagnostic::on_unimplemented(
    message = "no gradient can pass through `{Self}` unchanged",
    label = "expected a function of references to tensors that returns as many tensors, of the same dtypes",
    note = "the types of a closure's parameters are written out, and functions of `tf` are called in a closure, as in `|x: &Tensor| tf::round(x)`"
)]
pub trait PassThrough<'f, S> {
    /// The function, with the same signature.
    type Passed;
    #[doc(hidden)]
    fn passed(self, wrapped: &'static Location<'static>) -> Self::Passed;
}

static RULE: Rule = Rule::new("grad_pass_through", file!(), line!(), &["first", "second", "third", "fourth"]);

macro_rules! functions {
    ($($outputs:ty: $($dtype:ident $x:ident $y:ident $gradient:ident),+;)+) => { $(
        #[diagnostic::do_not_recommend]
        impl<'f, F, $($dtype: Element),+> PassThrough<'f, fn($(&Tensor<$dtype>),+) -> $outputs> for F
        where
            F: Fn($(&Tensor<$dtype>),+) -> $outputs + 'f,
        {
            type Passed = Box<dyn Fn($(&Tensor<$dtype>),+) -> $outputs + 'f>;
            #[allow(unused_parens, reason = "one output stands in no tuple")]
            fn passed(self, wrapped: &'static Location<'static>) -> Self::Passed {
                Box::new(move |$($x),+| {
                    let call = enter(&RULE, nested!($([Input($x)])+)).called_at(wrapped);
                    let ($($y),+) = self($($x),+);
                    $(expect_shape(wrapped, $x.shape(), $y.shape());)+
                    let backward = match call.is_watched() {
                        true => call.backward::<$outputs, _>(|($($gradient),+), sink| {
                            sink$(.next(|| $gradient))+.done()
                        }),
                        false => call.unwatched::<$outputs>(),
                    };
                    call.exit::<$outputs>(($($y),+), backward)
                })
            }
        }
    )+ };
}
functions! {
    Tensor<A>: A a y da;
    (Tensor<A>, Tensor<B>): A a y da, B b z db;
    (Tensor<A>, Tensor<B>, Tensor<C>): A a y da, B b z db, C c u dc;
    (Tensor<A>, Tensor<B>, Tensor<C>, Tensor<D>): A a y da, B b z db, C c u dc, D d v dd;
}

fn expect_shape(wrapped: &Location<'_>, expected: &[usize], found: &[usize]) {
    if expected != found {
        refuse(&Error::Argument {
            operation: "grad_pass_through",
            expected: format!("the function at {wrapped} to return shape {expected:?}, that of its argument"),
            found: format!("{found:?}"),
        });
    }
}
