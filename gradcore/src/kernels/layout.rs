//! The same elements in another order, or repeated.

use ndarray::{ArrayViewD, IxDyn};

use crate::element::Element;

fn view<'a, T: Element>(values: &'a [T], shape: &[usize]) -> ArrayViewD<'a, T> {
    ArrayViewD::from_shape(IxDyn(shape), values).expect("as many values as the shape has elements")
}

/// The elements of a tensor stretched to a shape that it broadcasts to.
pub(crate) fn broadcast<T: Element>(values: &[T], shape: &[usize], target: &[usize]) -> Vec<T> {
    if let &[value] = values {
        return vec![value; target.iter().product()];
    }
    let stretched = view(values, shape);
    let stretched = stretched.broadcast(IxDyn(target)).expect("the caller has found the common shape");
    stretched.iter().copied().collect()
}

/// The elements of a tensor whose axes are put in the order `permutation`.
pub(crate) fn permute<T: Element>(values: &[T], shape: &[usize], permutation: &[usize]) -> Vec<T> {
    let permuted = view(values, shape).permuted_axes(IxDyn(permutation));
    permuted.as_standard_layout().iter().copied().collect()
}

/// The indices `0..count` of a tensor's elements, stretched to a shape that it broadcasts to.
pub(crate) fn broadcast_indices(count: usize, shape: &[usize], target: &[usize]) -> Vec<usize> {
    let indices: Vec<usize> = (0..count).collect();
    let view = ArrayViewD::from_shape(IxDyn(shape), &indices).expect("as many indices as the shape has elements");
    view.broadcast(IxDyn(target)).expect("the caller has found the common shape").iter().copied().collect()
}
