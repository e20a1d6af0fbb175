//! The gradient of a function as a function: of the inputs, and of what comes from upstream.

use super::difference::Precision;
use super::finding::{Change, Finding};
use super::layout::Layout;
use super::structure::first_change;
use super::subject::{Input, Outputs, Subject, Trouble, Twice, Values, Way};

/// The gradient of a function.
pub(super) struct OfGradient<'a> {
    pub(super) twice: &'a dyn Twice,
    pub(super) point: &'a Values,
    pub(super) upstream: Values,
    /// Those of the function.
    pub(super) outputs: &'a Outputs,
}

impl OfGradient<'_> {
    /// The inputs of the function, and what comes from upstream.
    fn split(&self, inputs: &Values) -> (Values, Values) {
        let (point, upstream) = inputs.split_at(self.point.len());
        (point.to_vec(), upstream.to_vec())
    }

    /// Whether a persistent tape gives other second derivatives than nested ones.
    pub(super) fn persistent(&self, weights: &Values, precision: Precision) -> Result<Option<Finding>, Trouble> {
        let nested = self.twice.second(self.point, &self.upstream, weights, false)?.1;
        let persistent = self.twice.second(self.point, &self.upstream, weights, true)?.1;
        let change = first_change(&self.inputs(), &nested, &persistent, precision.same());
        Ok(change.map(|change: Change| Finding::PersistentTape { second: true, change }))
    }
}

impl Subject for OfGradient<'_> {
    fn inputs(&self) -> Vec<Input> {
        let upstream = self.outputs.shapes.iter().enumerate().map(|(output, shape)| Input {
            name: match self.outputs.shapes.len() {
                1 => "the upstream gradient".into(),
                _ => format!("upstream gradient {output}"),
            },
            shape: shape.clone(),
        });
        self.twice.inputs().into_iter().chain(upstream).collect()
    }

    fn start(&self) -> Values {
        [&self.point[..], &self.upstream].concat()
    }

    fn values(&self, inputs: &Values, layout: Layout) -> Result<Outputs, Trouble> {
        let (point, upstream) = self.split(inputs);
        let (_, gradients) = self.twice.gradients(&point, &upstream, &Way::Arranged(layout))?;
        let shapes = self.twice.inputs().into_iter().map(|input| input.shape).collect();
        Ok(Outputs { values: gradients, shapes, single: self.outputs.single })
    }

    fn gradients(&self, inputs: &Values, weights: &Values, _: &Way) -> Result<(Values, Values), Trouble> {
        let (point, upstream) = self.split(inputs);
        self.twice.second(&point, &upstream, weights, false)
    }
}
