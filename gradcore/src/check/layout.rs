//! The same tensors, held in memory in other ways.

use ndarray::{Array, ArrayViewD, Axis, IxDyn, ShapeBuilder};

use super::leaves::{of_shape, with_values};
use crate::element::Element;
use crate::tensor::{Erased, Identity, Tensor, Untyped};

/// How the elements of inputs lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layout {
    /// In storage of their own.
    Own,
    /// In the storage of a tensor of another shape.
    Shared,
    /// Taken over from an array that runs backwards, column by column.
    Backwards,
    /// In storage of their own, on one axis, whatever the shape was.
    Line,
}

impl Layout {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Layout::Own | Layout::Line => "in storage of their own",
            Layout::Shared => "in storage shared with a reshaped tensor",
            Layout::Backwards => "made from a transposed and reversed array",
        }
    }

    /// A new tensor in the place of another: that of a variable is one.
    pub(super) fn moved(self, tensor: &dyn Untyped, values: &[f64]) -> Erased {
        let moved = match tensor.erased() {
            Erased::F32(tensor) => Erased::F32(self.holding(values, &tensor)),
            Erased::F64(tensor) => Erased::F64(self.holding(values, &tensor)),
            constant => constant,
        };
        match tensor.identity().is_variable() {
            true => moved.renewed(Identity::variable(true)),
            false => moved,
        }
    }

    /// A tensor of these values, which is to be like the given one.
    fn holding<T: Element>(self, values: &[f64], like: &Tensor<T>) -> Tensor<T> {
        match self {
            Layout::Line => of_shape(&[values.len()], values),
            layout => layout.arranged(with_values(like, values)),
        }
    }

    fn arranged<T: Element>(self, tensor: Tensor<T>) -> Tensor<T> {
        match self {
            Layout::Own | Layout::Line => tensor,
            Layout::Shared => tensor.reshaped(tensor.shared_shape()).renewed(Identity::fresh()),
            Layout::Backwards => Tensor::from(backwards(tensor.view())),
        }
    }
}

/// An equal array with its elements from the last to the first, column by column.
fn backwards<T: Element>(view: ArrayViewD<'_, T>) -> Array<T, IxDyn> {
    let mut elements: Vec<T> = view.t().iter().copied().collect();
    elements.reverse();
    let mut array = Array::from_shape_vec(view.raw_dim().f(), elements).expect("as many elements as before");
    (0..view.ndim()).for_each(|axis| array.invert_axis(Axis(axis)));
    array
}

#[cfg(test)]
mod tests {
    use super::{Layout, backwards};
    use crate::tensor::Tensor;

    #[test]
    fn every_layout_holds_the_same_tensor() {
        for shape in [&[2, 3, 4][..], &[3, 2], &[5], &[], &[0, 2]] {
            let size: u8 = shape.iter().product::<usize>().try_into().expect("a few elements");
            let tensor = Tensor::from_vec(shape, (0..size).map(f64::from).collect()).expect("the sizes match");
            for layout in [Layout::Own, Layout::Shared, Layout::Backwards] {
                let arranged = layout.arranged(tensor.clone());
                assert_eq!((arranged.shape(), arranged.to_vec()), (shape, tensor.to_vec()), "{layout:?}");
            }
        }
    }

    #[test]
    fn an_array_that_runs_backwards_by_columns() {
        let array =
            backwards(Tensor::from_vec(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).expect("the sizes match").view());
        assert_eq!(array.strides(), [-1, -2]);
        assert_eq!(array.into_raw_vec_and_offset().0, [6.0, 3.0, 5.0, 2.0, 4.0, 1.0]);
    }
}
