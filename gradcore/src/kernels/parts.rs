//! Parts of tensors: slices picked along an axis, and blocks.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn, Slice};

use crate::element::{Element, Number};

/// A shape seen as `outer × size × inner` around one axis.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    outer: usize,
    size: usize,
    inner: usize,
}

impl Around {
    pub(crate) fn axis(shape: &[usize], axis: usize) -> Self {
        Around { outer: shape[..axis].iter().product(), size: shape[axis], inner: shape[axis + 1..].iter().product() }
    }

    /// Calls `visit` with the places of a picked slice and of the slice that it is picked from.
    fn each(self, picks: &[usize], mut visit: impl FnMut(usize, usize)) {
        for block in 0..self.outer {
            for (k, &pick) in picks.iter().enumerate() {
                visit((block * picks.len() + k) * self.inner, (block * self.size + pick) * self.inner);
            }
        }
    }
}

/// The slices of `x` at `picks`.
pub(crate) fn gather<T: Element>(x: &[T], around: Around, picks: &[usize]) -> Vec<T> {
    let mut out = Vec::with_capacity(around.outer * picks.len() * around.inner);
    around.each(picks, |_, from| out.extend_from_slice(&x[from..][..around.inner]));
    out
}

/// The slices of `y` added to zeros at `picks`.
pub(crate) fn scatter_add<T: Number>(y: &[T], around: Around, picks: &[usize]) -> Vec<T> {
    let mut out = vec![T::default(); around.outer * around.size * around.inner];
    around.each(picks, |of, to| {
        for (sum, &y) in out[to..][..around.inner].iter_mut().zip(&y[of..]) {
            *sum = sum.plus(y);
        }
    });
    out
}

/// The block of `shape` that begins at `begin`.
pub(crate) fn block<T: Element>(x: &[T], of_x: &[usize], begin: &[usize], shape: &[usize]) -> Vec<T> {
    let x = ArrayViewD::from_shape(IxDyn(of_x), x).expect("as many values as the shape has elements");
    x.slice_each_axis(|along| range(begin, shape, along.axis.index())).iter().copied().collect()
}

/// Zeros of `shape` with the block `x` in them at `begin`.
pub(crate) fn place<T: Element>(x: &[T], of_x: &[usize], begin: &[usize], shape: &[usize]) -> Vec<T> {
    let mut out = vec![T::default(); shape.iter().product()];
    let mut whole =
        ArrayViewMutD::from_shape(IxDyn(shape), &mut out).expect("as many values as the shape has elements");
    let x = ArrayViewD::from_shape(IxDyn(of_x), x).expect("as many values as the shape has elements");
    whole.slice_each_axis_mut(|along| range(begin, of_x, along.axis.index())).assign(&x);
    out
}

fn range(begin: &[usize], shape: &[usize], axis: usize) -> Slice {
    Slice::from(begin[axis]..begin[axis] + shape[axis])
}
