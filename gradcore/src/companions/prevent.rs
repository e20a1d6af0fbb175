//! Tensors through which a gradient must not be asked for.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use crate::element::Element;
use crate::error::Error;
use crate::recording::call_site::{CallSite, Rule};
use crate::recording::node::{Backward, ProbeOutputs, Sink, Upstream};
use crate::recording::recorder;
use crate::recording::tensor_ref::Output;
use crate::rule::Argument;
use crate::tensor::{Identity, Operand, Tensor};

static RULE: Rule = Rule::new("prevent_gradient", file!(), line!(), &["x"]);

/// The value of x. To ask for a gradient through it is [`Error::GradientPrevented`], which gives the reason and the place
/// of this call (TensorFlow's `PreventGradient`). Gradients that do not come this way are as always.
///
/// ```
/// use gradcore::prelude::*;
///
/// let x = tf::constant(3.0);
/// let tape = GradientTape::new();
/// tape.watch(&x);
/// let y = tf::prevent_gradient(&x * &x, "the variance is estimated from it") * 2.0;
/// let error = tape.gradient(&y, &x).unwrap_err();
/// assert!(error.to_string().ends_with("has no gradient: the variance is estimated from it"));
/// ```
#[track_caller]
#[must_use]
pub fn prevent_gradient<T: Element>(x: impl Operand<T>, reason: impl Into<String>) -> Tensor<T> {
    let x = x.held();
    let x = x.borrow();
    let y = x.renewed(Identity::fresh());
    if !recorder::is_idle() {
        let site = CallSite { rule: &RULE, called: Location::caller() };
        let begun = recorder::begin(&RULE, &[x.tensor_ref()], &[]);
        let output = Output { inside: y.identity(), outside: y.identity(), value: &y };
        recorder::finish(begun, &[output], || {
            Rc::new(Prevented::<T> { site, reason: reason.into(), dtype: PhantomData })
        });
    }
    y
}

struct Prevented<T> {
    site: CallSite,
    reason: String,
    dtype: PhantomData<T>,
}

impl<T: Element> Backward for Prevented<T> {
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        RULE.parameters[position].to_owned()
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        outputs.next::<T>();
    }

    fn run(&self, _: Upstream<'_>, sink: &mut Sink<'_>) {
        sink.end(Error::GradientPrevented { called: self.site.called, reason: self.reason.clone() });
    }
}
