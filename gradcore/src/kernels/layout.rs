//! The same elements in another order, or repeated.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::element::Element;

fn view<'a, T>(values: &'a [T], shape: &[usize]) -> ArrayViewD<'a, T> {
    ArrayViewD::from_shape(IxDyn(shape), values).expect("as many values as the shape has elements")
}

fn view_mut<'a, T>(values: &'a mut [T], shape: &[usize]) -> ArrayViewMutD<'a, T> {
    ArrayViewMutD::from_shape(IxDyn(shape), values).expect("as many values as the shape has elements")
}

/// The elements of a tensor stretched to a shape that it broadcasts to.
pub(crate) fn broadcast<T: Element>(values: &[T], shape: &[usize], target: &[usize], out: &mut [T]) {
    if let &[value] = values {
        out.fill(value);
        return;
    }
    let stretched = view(values, shape);
    let stretched = stretched.broadcast(IxDyn(target)).expect("the caller has found the common shape");
    view_mut(out, target).assign(&stretched);
}

/// The elements of a tensor whose axes are put in the order `permutation`, in which its sizes are `target`.
pub(crate) fn permute<T: Element>(
    values: &[T],
    shape: &[usize],
    permutation: &[usize],
    target: &[usize],
    out: &mut [T],
) {
    view_mut(out, target).assign(&view(values, shape).permuted_axes(IxDyn(permutation)));
}

/// The indices `0..count` of a tensor's elements, stretched to a shape that it broadcasts to.
pub(crate) fn broadcast_indices(count: usize, shape: &[usize], target: &[usize]) -> Vec<usize> {
    let indices: Vec<usize> = (0..count).collect();
    let stretched = view(&indices, shape);
    stretched.broadcast(IxDyn(target)).expect("the caller has found the common shape").iter().copied().collect()
}
