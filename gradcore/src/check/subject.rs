//! A checked function on plain numbers: no dtype, no structure.

use std::cell::RefCell;

use super::layout::Layout;
use super::leaves::Leaves;
use super::outputs::CheckedOutputs;
use crate::arguments::{Inputs, Moves};
use crate::error::Error;
use crate::tape::{
    ForwardAccumulator, GradientOptions, GradientTape, Like, UnconnectedGradients, output_gradients,
    unconnected_gradients,
};

/// The elements of several tensors.
pub(super) type Values = Vec<Vec<f64>>;

/// What is known of an input.
#[derive(Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// What a function computed.
pub(super) struct Outputs {
    pub(super) values: Values,
    pub(super) shapes: Vec<Vec<usize>>,
    /// Whether an `f32` is among inputs and outputs.
    pub(super) single: bool,
}

/// Why there is no result.
pub(super) enum Trouble {
    /// A derivative is refused, in so many words.
    Refused(String),
    Failed(String),
    Reshaped(Reshaped),
}

/// An output that has another shape than it had before, for inputs of the same shapes.
pub(super) struct Reshaped {
    pub(super) output: usize,
    pub(super) expected: Vec<usize>,
    pub(super) found: Vec<usize>,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::HigherDerivative { .. } => Trouble::Refused(error.to_string()),
            _ => Trouble::Failed(error.to_string()),
        }
    }
}

/// A way to gradients. All lead to the same.
#[derive(Clone, PartialEq)]
pub(super) enum Way {
    /// A tape for one gradient watches every input.
    Usual,
    /// A persistent tape is asked for the second time.
    Persistent,
    /// The tape watches some inputs alone.
    Watching(Vec<usize>),
    /// The tape is asked for the gradients of some inputs alone.
    Asking(Vec<usize>),
    /// The gradient is that of one output alone; the others are not used.
    Output(usize),
    /// The inputs are held in memory in another way.
    Arranged(Layout),
}

/// A function from tensors to tensors, with a gradient.
pub(super) trait Subject {
    fn inputs(&self) -> Vec<Input>;
    /// The elements at which the check takes place.
    fn start(&self) -> Values;
    /// The outputs, where no tape records.
    fn values(&self, inputs: &Values, layout: Layout) -> Result<Outputs, Trouble>;
    /// The outputs, and the gradients of the sum of the outputs, weighted; both as a tape has them.
    fn gradients(&self, inputs: &Values, weights: &Values, way: &Way) -> Result<(Values, Values), Trouble>;
    /// The tangents of the outputs in forward mode, when the inputs move like that. Only of functions as they are given.
    fn tangents(&self, inputs: &Values, along: &Values) -> Result<Values, Trouble> {
        let _ = (inputs, along);
        Err(Trouble::Refused("this function is made for the check".into()))
    }
}

/// A [`Subject`] whose gradients have gradients.
pub(super) trait Twice: Subject {
    /// As [`Subject::gradients`], of the function from `inputs` and `upstream` to its gradients. Either two nested tapes
    /// record, or a persistent one.
    fn second(
        &self,
        inputs: &Values,
        upstream: &Values,
        weights: &Values,
        persistent: bool,
    ) -> Result<(Values, Values), Trouble>;
}

/// A function of Rust, at its inputs.
pub(super) struct Function<'i, I, F> {
    call: F,
    inputs: &'i I,
    leaves: Leaves,
    /// The shapes of the outputs, by those of the inputs.
    shapes: RefCell<Vec<(Shapes, Shapes)>>,
}

type Shapes = Vec<Vec<usize>>;

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
        Function { call: function, inputs, leaves, shapes: RefCell::default() }
    }

    fn moved(&self, values: &Values, layout: Layout) -> (I::Moved, Leaves) {
        let (mut values, mut leaves) = (values.iter(), Leaves::default());
        let moved = self.inputs.moved(&mut Moves::new(&mut |tensor, name| {
            let moved = layout.moved(tensor, values.next().expect("there are values for each tensor"));
            leaves.push(moved.clone(), name);
            moved
        }));
        (moved, leaves)
    }

    /// The outputs, whose shapes must be those of the first time for inputs of these shapes: whatever compares elements of
    /// outputs relies on it, and so do weights and tangents.
    fn outputs<O: CheckedOutputs>(&self, (moved, inputs): (&I::Moved, &Leaves)) -> Result<Leaves, Trouble>
    where
        F: for<'a> Fn(I::Seen<'a>) -> O,
    {
        let mut outputs = Leaves::default();
        (self.call)(I::seen(moved)).leaves(&mut outputs).map_err(Trouble::Failed)?;
        let (of_inputs, found) = (inputs.all_shapes(), outputs.all_shapes());
        let mut known = self.shapes.borrow_mut();
        let Some((_, expected)) = known.iter().find(|(inputs, _)| *inputs == of_inputs) else {
            known.push((of_inputs, found));
            return Ok(outputs);
        };
        match expected.iter().zip(&found).position(|(expected, found)| expected != found) {
            Some(output) => {
                let (expected, found) = (expected[output].clone(), found[output].clone());
                Err(Trouble::Reshaped(Reshaped { output, expected, found }))
            }
            None => Ok(outputs),
        }
    }
}

/// A pass that begins with these tensors. Where no gradient flows there are zeros.
fn from(upstream: &Leaves) -> GradientOptions<Like<Leaves>> {
    output_gradients(upstream).unconnected_gradients(UnconnectedGradients::Zero)
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

    fn values(&self, inputs: &Values, layout: Layout) -> Result<Outputs, Trouble> {
        let (moved, all) = self.moved(inputs, layout);
        let outputs = self.outputs((&moved, &all))?;
        let single = outputs.are_single().chain(self.leaves.are_single()).any(|single| single);
        Ok(Outputs { values: outputs.values(), shapes: outputs.all_shapes(), single })
    }

    fn gradients(&self, inputs: &Values, weights: &Values, way: &Way) -> Result<(Values, Values), Trouble> {
        if *way == Way::Persistent {
            return self.persistent(inputs, weights);
        }
        let layout = if let Way::Arranged(layout) = way { *layout } else { Layout::Own };
        let (moved, all) = self.moved(inputs, layout);
        let sources = match way {
            Way::Watching(some) | Way::Asking(some) => &all.only(some),
            _ => &all,
        };
        let alone = matches!(way, Way::Watching(_));
        let tape = GradientTape::new().watch_accessed_variables(!alone);
        tape.watch(if alone { sources } else { &all });
        let outputs = self.outputs((&moved, &all))?;
        let upstream = outputs.like(weights);
        let gradients = match way {
            Way::Output(output) => {
                tape.gradient_with(outputs.only(&[*output]), sources, from(&upstream.only(&[*output])))
            }
            _ => tape.gradient_with(&outputs, sources, from(&upstream)),
        };
        Ok((outputs.values(), gradients?.values()))
    }

    fn tangents(&self, inputs: &Values, along: &Values) -> Result<Values, Trouble> {
        let (moved, primals) = self.moved(inputs, Layout::Own);
        let accumulator = ForwardAccumulator::new(&primals, primals.like(along))?;
        let outputs = self.outputs((&moved, &primals))?;
        Ok(accumulator.jvp_with(&outputs, unconnected_gradients(UnconnectedGradients::Zero))?.values())
    }
}

impl<I: Inputs, O: CheckedOutputs, F: for<'a> Fn(I::Seen<'a>) -> O> Function<'_, I, F> {
    fn persistent(&self, inputs: &Values, weights: &Values) -> Result<(Values, Values), Trouble> {
        let (moved, sources) = self.moved(inputs, Layout::Own);
        let tape = GradientTape::persistent();
        tape.watch(&sources);
        let outputs = self.outputs((&moved, &sources))?;
        let upstream = outputs.like(weights);
        tape.gradient_with(&outputs, &sources, from(&upstream))?;
        let again = tape.gradient_with(&outputs, &sources, from(&upstream))?;
        Ok((outputs.values(), again.values()))
    }
}

impl<I: Inputs, O: CheckedOutputs, F: for<'a> Fn(I::Seen<'a>) -> O> Twice for Function<'_, I, F> {
    fn second(
        &self,
        inputs: &Values,
        upstream: &Values,
        weights: &Values,
        persistent: bool,
    ) -> Result<(Values, Values), Trouble> {
        let (moved, sources) = self.moved(inputs, Layout::Own);
        let outer = GradientTape::persistent();
        outer.watch(&sources);
        let inner = (!persistent).then(GradientTape::new);
        if let Some(inner) = &inner {
            inner.watch(&sources);
        }
        let outputs = self.outputs((&moved, &sources))?;
        let upstream = outputs.like(upstream);
        outer.watch(&upstream);
        let first = match inner {
            Some(inner) => inner.gradient_with(&outputs, &sources, from(&upstream))?,
            None => outer.gradient_with(&outputs, &sources, from(&upstream))?,
        };
        let second = outer.gradient_with(&first, (&sources, &upstream), from(&first.like(weights)))?;
        Ok((first.values(), [second.0.values(), second.1.values()].concat()))
    }
}
