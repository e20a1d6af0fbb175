//! Gradients that are computed where no tape sees it, so that they have no derivative of their own.

use std::rc::Rc;

use crate::element::Element;
use crate::error::Error;
use crate::recording::call_site::CallSite;
use crate::recording::node::{Backward, ProbeOutputs, Sink, Upstream};
use crate::recording::recorder;
use crate::recording::tensor_ref::{Output, TensorRef};
use crate::tensor::{Identity, Tensor};

/// What stands in the way of a derivative.
#[derive(Clone, Copy)]
pub(crate) struct Underived {
    /// The call whose gradient it is.
    pub(crate) site: CallSite,
    /// Which derivative of the function is missing, such as `second`.
    pub(crate) order: &'static str,
    /// Why, and after `;` the remedy.
    pub(crate) reason: &'static str,
}

impl Underived {
    /// The gradient, recorded as computed from `inputs` by a call whose backward function fails: every tape that
    /// watches one of them then knows that there is a path, and that it has no derivative.
    #[track_caller]
    pub(crate) fn mark<T: Element>(self, inputs: &[TensorRef<'_>], gradient: Tensor<T>) -> Tensor<T> {
        if recorder::is_idle() {
            return gradient;
        }
        let begun = recorder::begin(self.site.rule, inputs, &[]);
        let marked = gradient.renewed(Identity::fresh());
        let output = Output { inside: gradient.identity(), outside: marked.identity(), value: &marked };
        recorder::finish(begun, &[output], || Rc::new(self));
        marked
    }
}

impl Underived {
    /// Name of the input at a position.
    pub(crate) fn parameter(&self, position: usize) -> String {
        (*self.site.rule.parameters.get(position).unwrap_or(&"dy")).to_owned()
    }

    /// Ends the pass that asks for the derivative.
    #[cold]
    pub(crate) fn refuse(self, sink: &mut Sink<'_>) {
        let Underived { site, order, reason } = self;
        sink.end(Error::HigherDerivative { order, call: site.rule_call(), reason });
    }
}

impl Backward for Underived {
    fn site(&self) -> CallSite {
        self.site
    }

    fn parameter(&self, position: usize) -> String {
        self.parameter(position)
    }

    fn probe_outputs(&self, outputs: &mut ProbeOutputs<'_>) {
        outputs.next::<f32>();
    }

    fn run(&self, _: Upstream<'_>, sink: &mut Sink<'_>) {
        self.refuse(sink);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::Underived;
    use crate::error::Error;
    use crate::ops::square;
    use crate::recording::call_site::{CallSite, Rule};
    use crate::rule::input::Argument;
    use crate::tape::GradientTape;
    use crate::tensor::Tensor;

    static RULE: Rule = Rule::new("f", "file.rs", 1, &["x"]);

    /// 2x, computed from x where no tape sees it.
    fn doubled(x: &Tensor) -> Tensor {
        let site = CallSite { rule: &RULE, called: Location::caller() };
        let doubled = Tensor::scalar(2.0 * x.item());
        Underived { site, order: "second", reason: "no tape sees it; let one" }.mark(&[x.tensor_ref()], doubled)
    }

    #[test]
    fn only_its_derivative_is_an_error() -> Result<(), Error> {
        let x = Tensor::scalar(3.0);
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let (y, aside) = (square(&x), doubled(&x));
        assert_eq!(tape.gradient(&y, &x)?.item().to_bits(), 6.0f32.to_bits());
        let error = tape.gradient(&(&aside + &y), &x).expect_err("no derivative");
        let called = match &error {
            Error::HigherDerivative { call, .. } => call.called,
            other => panic!("{other}"),
        };
        let text = format!(
            "the second derivative of `f` (file.rs:1, called at {called}) is not known: no tape sees it; let one"
        );
        assert_eq!(error.to_string(), text);
        assert_eq!(tape.gradient(&y, &x)?.item().to_bits(), 6.0f32.to_bits());
        Ok(())
    }
}
