//! A checked function on plain numbers: no dtype, no structure.

use super::leaves::Leaves;
use super::outputs::CheckedOutputs;
use crate::arguments::{Inputs, Moves};
use crate::tape::{GradientTape, UnconnectedGradients, output_gradients};
use crate::tensor::{Erased, Identity, Untyped};

/// The elements of several tensors.
pub(super) type Values = Vec<Vec<f64>>;

/// What is known of an input.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// A function from tensors to tensors, with a gradient.
pub(super) trait Subject {
    fn inputs(&self) -> Vec<Input>;
    /// The elements at which the check takes place.
    fn start(&self) -> Values;
    /// The outputs, where no tape records, and whether an `f32` is among inputs and outputs.
    fn values(&self, inputs: &Values) -> Result<(Values, bool), String>;
    /// The outputs, and the gradients of the sum of the outputs, weighted; both as a tape has them.
    fn gradients(&self, inputs: &Values, weights: &Values) -> Result<(Values, Values), String>;
}

/// A function of Rust, at its inputs.
pub(super) struct Function<'i, I, F> {
    call: F,
    inputs: &'i I,
    leaves: Leaves,
}

impl<'i, I: Inputs, F> Function<'i, I, F> {
    pub(super) fn new<O>(function: F, inputs: &'i I) -> Self
    where
        F: for<'a> Fn(I::Seen<'a>) -> O,
    {
        let mut leaves = Leaves::default();
        inputs.moved(&mut Moves::new(&mut |tensor, name| {
            leaves.push(tensor.erased(), name);
            tensor.erased()
        }));
        Function { call: function, inputs, leaves }
    }

    fn moved(&self, values: &Values) -> (I::Moved, Leaves) {
        let (mut values, mut leaves) = (values.iter(), Leaves::default());
        let moved = self.inputs.moved(&mut Moves::new(&mut |tensor, name| {
            let moved = with_values(tensor, values.next().expect("there are values for each tensor"));
            leaves.push(moved.clone(), name);
            moved
        }));
        (moved, leaves)
    }

    fn outputs<O: CheckedOutputs>(&self, moved: &I::Moved) -> Result<Leaves, String>
    where
        F: for<'a> Fn(I::Seen<'a>) -> O,
    {
        let mut outputs = Leaves::default();
        (self.call)(I::seen(moved)).leaves(&mut outputs)?;
        Ok(outputs)
    }
}

impl<I: Inputs, O: CheckedOutputs, F: for<'a> Fn(I::Seen<'a>) -> O> Subject for Function<'_, I, F> {
    fn inputs(&self) -> Vec<Input> {
        let described = |(leaf, shape): (usize, &[usize])| {
            let name = self.leaves.name(leaf).map_or_else(|| format!("input {leaf}"), |name| format!("`{name}`"));
            Input { name, shape: shape.to_vec() }
        };
        self.leaves.shapes().enumerate().map(described).collect()
    }

    fn start(&self) -> Values {
        self.leaves.values()
    }

    fn values(&self, inputs: &Values) -> Result<(Values, bool), String> {
        let outputs = self.outputs(&self.moved(inputs).0)?;
        let single = outputs.are_single().chain(self.leaves.are_single()).any(|single| single);
        Ok((outputs.values(), single))
    }

    fn gradients(&self, inputs: &Values, weights: &Values) -> Result<(Values, Values), String> {
        let tape = GradientTape::new();
        let (moved, sources) = self.moved(inputs);
        tape.watch(&sources);
        let outputs = self.outputs(&moved)?;
        let options = output_gradients(outputs.like(weights)).unconnected_gradients(UnconnectedGradients::Zero);
        let gradients = tape.gradient_with(&outputs, &sources, options).map_err(|error| error.to_string())?;
        Ok((outputs.values(), gradients))
    }
}

/// A new tensor in the place of another: that of a variable is one.
fn with_values(tensor: &dyn Untyped, values: &[f64]) -> Erased {
    let moved = tensor.with_values(&mut values.iter().copied());
    match tensor.identity().is_variable() {
        true => moved.renewed(Identity::variable(true)),
        false => moved,
    }
}
