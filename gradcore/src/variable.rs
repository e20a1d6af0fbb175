//! Variables: tensors with a lasting identity, which tapes watch by themselves.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::element::{Element, Number};
use crate::error::Error;
use crate::kernels::elementwise;
use crate::shape::Shape;
use crate::tensor::{Erased, Identity, Name, Operand, Seen, Tensor, Untyped};

/// A tensor that keeps its identity when its value changes (TensorFlow's `Variable`): a weight to be trained.
///
/// It dereferences to [`Tensor`], so `tf::nn::relu(&self.w)` reads it, and changes through `&mut self` alone. A
/// tape watches a trainable variable when it is first read while the tape records.
///
/// ```
/// use gradcore::prelude::*;
///
/// let mut w: Variable = Variable::new([1.0, 2.0]).named("w");
/// let tape = GradientTape::new();
/// let loss = tf::reduce_sum(&w * &w, ..);
/// let dw = tape.gradient(&loss, &w)?;
/// w.assign_sub(dw * 0.1)?;
/// assert_eq!(w.to_vec(), [0.8, 1.6]);
/// # Ok::<(), Error>(())
/// ```
pub struct Variable<T = f32> {
    tensor: Tensor<T>,
    name: Option<Arc<Name>>,
}

impl<T: Element> Variable<T> {
    /// A trainable variable with the given initial value.
    #[track_caller]
    pub fn new(initial: impl Operand<T>) -> Self {
        let initial = initial.held();
        let initial: &Tensor<T> = initial.borrow();
        initial.tell_of_reading("Variable::new");
        Variable { tensor: initial.renewed(Identity::variable(true)), name: None }
    }

    /// The same variable, with a name for error messages.
    #[must_use]
    pub fn named(self, name: impl AsRef<str>) -> Self {
        let name = Some(Name::new(self.tensor.identity(), name.as_ref()));
        Variable { name, ..self }
    }

    /// The same variable, trainable or not. Tapes do not watch by themselves what is not trainable.
    #[must_use]
    pub fn trainable(self, trainable: bool) -> Self {
        let tensor = self.tensor.renewed(Identity::variable(trainable));
        let name = self.name.map(|name| Name::new(tensor.identity(), name.text()));
        Variable { tensor, name }
    }

    /// The name given with [`Variable::named`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.text())
    }

    /// Gives the variable another value of the same shape.
    ///
    /// # Errors
    /// [`Error::VariableShape`] if the shape differs; the variable keeps its value.
    pub fn assign(&mut self, value: impl Operand<T>) -> Result<(), Error> {
        let value = value.held();
        self.expect_shape("assign", value.borrow().shape())?;
        value.borrow().tell_of_reading("assign");
        self.tensor = value.borrow().renewed(self.tensor.identity());
        Ok(())
    }

    /// Fails unless `found` is the shape of this variable.
    pub(crate) fn expect_shape(&self, operation: &'static str, found: &[usize]) -> Result<(), Error> {
        if found == self.shape() {
            return Ok(());
        }
        Err(Error::VariableShape {
            operation,
            variable: self.name().map_or_else(|| "without a name".into(), |name| format!("`{name}`")),
            expected: self.shape().to_vec(),
            found: found.to_vec(),
        })
    }

    /// Replaces every element `v` by `f(v, u)`, `u` being the matching element of `update`; in place where no other
    /// handle shares the value.
    pub(crate) fn update(
        &mut self,
        operation: &'static str,
        update: impl Operand<T>,
        kernel: impl FnOnce(&mut [T], &[T]),
    ) -> Result<(), Error> {
        let update = update.held();
        self.expect_shape(operation, update.borrow().shape())?;
        update.borrow().tell_of_reading("assign");
        if let Some(values) = self.tensor.values_mut() {
            kernel(values, update.borrow().values());
            return Ok(());
        }
        let mut values = self.tensor.values().to_vec();
        kernel(&mut values, update.borrow().values());
        self.tensor = Tensor::from_vec(self.shape(), values)?.renewed(self.tensor.identity());
        Ok(())
    }

    /// What a rule keeps of a captured variable: its value now, under the same identity.
    pub(crate) fn snapshot(&self) -> Self {
        Variable { tensor: self.tensor.clone(), name: self.name.clone() }
    }

    /// What stands in the place of this variable: a tensor, identity and all, under the variable's name.
    pub(crate) fn holding(&self, tensor: Tensor<T>) -> Self {
        let name = self.name.as_ref().map(|name| Name::new(tensor.identity(), name.text()));
        Variable { tensor, name }
    }
}

impl<T: Number> Variable<T> {
    /// Adds a tensor of the same shape.
    ///
    /// # Errors
    /// [`Error::VariableShape`] if the shape differs; the variable keeps its value.
    pub fn assign_add(&mut self, update: impl Operand<T>) -> Result<(), Error> {
        self.update("assign_add", update, elementwise::add_assign)
    }

    /// Subtracts a tensor of the same shape.
    ///
    /// # Errors
    /// [`Error::VariableShape`] if the shape differs; the variable keeps its value.
    pub fn assign_sub(&mut self, update: impl Operand<T>) -> Result<(), Error> {
        self.update("assign_sub", update, elementwise::sub_assign)
    }
}

impl<T> Deref for Variable<T> {
    type Target = Tensor<T>;
    fn deref(&self) -> &Tensor<T> {
        &self.tensor
    }
}

impl<'a, T: Element> Operand<T> for &'a Variable<T> {
    type Held = &'a Tensor<T>;
    fn held(self) -> &'a Tensor<T> {
        self
    }
}

impl<T: Element> fmt::Display for Variable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tensor.fmt(f)
    }
}

impl<T: Element> fmt::Debug for Variable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Variable({:?}, {:?})", self.name().unwrap_or_default(), self.tensor)
    }
}

impl<T: Element> Seen for Variable<T> {
    fn shape(&self) -> &[usize] {
        (**self).shape()
    }
    fn shared_shape(&self) -> Shape {
        (**self).shared_shape()
    }
    fn name(&self) -> Option<Arc<str>> {
        self.name().map(Into::into)
    }
    fn handle(&self) -> Option<Erased> {
        Some((**self).erased())
    }
}
