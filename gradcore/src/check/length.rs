//! A function at inputs of another length.

use super::layout::Layout;
use super::subject::{Input, Outputs, Subject, Trouble, Values, Way};

/// A function at the first elements of its inputs, each on one axis.
pub(super) struct OfLength<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) length: usize,
}

impl Subject for OfLength<'_> {
    fn inputs(&self) -> Vec<Input> {
        self.subject.inputs().into_iter().map(|input| Input { shape: vec![self.length], ..input }).collect()
    }

    fn start(&self) -> Values {
        self.subject.start().into_iter().map(|values| values[..self.length].to_vec()).collect()
    }

    fn values(&self, inputs: &Values, _: Layout) -> Result<Outputs, Trouble> {
        self.subject.values(inputs, Layout::Line)
    }

    fn gradients(&self, inputs: &Values, weights: &Values, _: &Way) -> Result<(Values, Values), Trouble> {
        self.subject.gradients(inputs, weights, &Way::Arranged(Layout::Line))
    }
}
