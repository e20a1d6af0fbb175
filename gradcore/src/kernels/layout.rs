//! The same elements in another order, or repeated.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};
use smallvec::SmallVec;

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

/// The places of a tensor's elements, in the order in which a shape has them that it is stretched to.
pub(crate) struct StretchedPlaces {
    /// By axis of that shape: its size, and how far apart neighbours stand in the tensor.
    axes: SmallVec<[(usize, usize); 4]>,
}

impl StretchedPlaces {
    /// `shape` broadcasts to `target`.
    pub(crate) fn new(shape: &[usize], target: &[usize]) -> Self {
        let stretched = target.len() - shape.len();
        let mut axes: SmallVec<[(usize, usize); 4]> = target.iter().map(|size| (*size, 0)).collect();
        let mut stride = 1;
        for (axis, size) in shape.iter().enumerate().rev() {
            axes[stretched + axis].1 = if *size == 1 { 0 } else { stride };
            stride *= size;
        }
        StretchedPlaces { axes }
    }

    /// Where the element stands that comes at this place of the shape.
    pub(crate) fn of(&self, mut place: usize) -> usize {
        let mut here = 0;
        for (size, stride) in self.axes.iter().rev() {
            here += place % size * stride;
            place /= size;
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::StretchedPlaces;

    #[test]
    fn places_are_those_that_broadcasting_repeats() {
        let places = |shape: &[usize], target: &[usize]| {
            let places = StretchedPlaces::new(shape, target);
            (0..target.iter().product()).map(|place| places.of(place)).collect::<Vec<_>>()
        };
        assert_eq!(places(&[2, 3], &[2, 3]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(places(&[2, 1], &[2, 3]), [0, 0, 0, 1, 1, 1]);
        assert_eq!(places(&[3], &[2, 3]), [0, 1, 2, 0, 1, 2]);
        assert_eq!(places(&[], &[2, 2]), [0; 4]);
        assert_eq!(places(&[2, 1, 2], &[2, 2, 2]), [0, 1, 0, 1, 2, 3, 2, 3]);
        assert_eq!(places(&[], &[]), [0]);
        assert_eq!(places(&[1], &[0]), [0; 0]);
    }
}
