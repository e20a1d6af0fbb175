//! Functions that see a gradient on its way back, and may put another in its place.

use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use super::GradientTape;
use crate::element::Real;
use crate::error::Error;
use crate::recording::hooks::Hook;
use crate::recording::node::Outcome;
use crate::recording::slots::NONE;
use crate::recording::tensor_ref::TensorRef;
use crate::tensor::{Erased, Tensor};

impl<K> GradientTape<K> {
    /// Calls `hook` with the gradient of a tensor or variable, once per pass: when everything that reaches it has been
    /// added up, and before it goes further (PyTorch's `register_hook`). What the hook returns takes its place: a tensor
    /// of the same shape, or nothing, which leaves it as it is. Of several hooks the second sees what the first returned.
    ///
    /// A hook runs only if the gradient is needed for a source, the tensor itself included. It is recorded by the tapes
    /// that record the pass.
    ///
    /// What a rule computes in its body is hidden by the rule: no gradient reaches it, and no hook on it runs.
    ///
    /// # Errors
    /// [`Error::Argument`] if the tape does not know the tensor. From [`gradient`](Self::gradient),
    /// [`Error::HookShape`] if a hook returns another shape.
    ///
    /// ```
    /// use gradcore::prelude::*;
    ///
    /// let x = tf::constant([1.0, -20.0]);
    /// let tape = GradientTape::new();
    /// tape.watch(&x);
    /// let h = &x * 3.0;
    /// tape.register_hook(&h, |g| println!("the gradient of h is {g}"))?;
    /// tape.register_hook(&h, |g| tf::clip_by_value(g, -10.0, 10.0))?;
    /// let y = &h * &h;
    /// assert_eq!(tape.gradient(&y, &x)?.to_vec(), [18.0, -30.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn register_hook<T: Real, R: HookResult<T>>(
        &self,
        tensor: &Tensor<T>,
        hook: impl Fn(&Tensor<T>) -> R + 'static,
    ) -> Result<(), Error> {
        let mut record = self.0.record.borrow_mut();
        match record.slot_when_read(TensorRef { identity: tensor.identity(), seen: tensor }) {
            NONE => Err(Error::Argument {
                operation: "register_hook",
                expected: "a tensor that the tape watches, or has seen computed from one".into(),
                found: format!("one of shape {:?} that it does not know", tensor.shape()),
            }),
            slot => {
                let registered = Location::caller();
                record.list.hooks.add(slot, Rc::new(Hooked { hook, registered, dtype: PhantomData }));
                Ok(())
            }
        }
    }
}

/// What a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook on the gradient of a `Tensor<{T}>` cannot return `{Self}`",
    label = "expected `Tensor<{T}>` or an `Option` of it to replace the gradient, or `()` to leave it"
)]
pub trait HookResult<T> {
    #[doc(hidden)]
    fn replacement(self) -> Option<Tensor<T>>;
}

impl<T> HookResult<T> for () {
    fn replacement(self) -> Option<Tensor<T>> {
        None
    }
}
impl<T> HookResult<T> for Tensor<T> {
    fn replacement(self) -> Option<Tensor<T>> {
        Some(self)
    }
}
impl<T> HookResult<T> for Option<Tensor<T>> {
    fn replacement(self) -> Option<Tensor<T>> {
        self
    }
}

struct Hooked<T, F> {
    hook: F,
    registered: &'static Location<'static>,
    dtype: PhantomData<fn(&T)>,
}

impl<T: Real, R: HookResult<T>, F: Fn(&Tensor<T>) -> R> Hook for Hooked<T, F> {
    fn run(&self, gradient: &mut Erased) -> Outcome {
        let seen: &Tensor<T> = gradient.get().expect("a gradient has the dtype of its tensor");
        let Some(replacement) = (self.hook)(seen).replacement() else { return Ok(()) };
        if replacement.shape() != seen.shape() {
            let (expected, found) = (seen.shape().to_vec(), replacement.shape().to_vec());
            return Err(Box::new(Error::HookShape { registered: self.registered, expected, found }));
        }
        *gradient = Erased::new(replacement);
        Ok(())
    }
}
