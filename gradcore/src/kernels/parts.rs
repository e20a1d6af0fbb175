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
        // Neither slices without elements nor blocks without picks cost anything, however many there are.
        if self.inner == 0 || picks.is_empty() {
            return;
        }
        for block in 0..self.outer {
            for (k, &pick) in picks.iter().enumerate() {
                visit((block * picks.len() + k) * self.inner, (block * self.size + pick) * self.inner);
            }
        }
    }
}

/// The slices of `x` at `picks`.
pub(crate) fn gather<T: Element>(x: &[T], around: Around, picks: &[usize], out: &mut [T]) {
    around.each(picks, |to, from| out[to..][..around.inner].copy_from_slice(&x[from..][..around.inner]));
}

/// Adds the slices of `y` to `sums` at `picks`.
pub(crate) fn scatter_add<T: Number>(y: &[T], around: Around, picks: &[usize], sums: &mut [T]) {
    around.each(picks, |of, to| {
        for (sum, &y) in sums[to..][..around.inner].iter_mut().zip(&y[of..]) {
            *sum = sum.plus(y);
        }
    });
}

/// The block of `shape` that begins at `begin`.
pub(crate) fn block<T: Element>(x: &[T], of_x: &[usize], begin: &[usize], shape: &[usize], out: &mut [T]) {
    let x = ArrayViewD::from_shape(IxDyn(of_x), x).expect("as many values as the shape has elements");
    let mut out = ArrayViewMutD::from_shape(IxDyn(shape), out).expect("as many values as the shape has elements");
    out.assign(&x.slice_each_axis(|along| range(begin, shape, along.axis.index())));
}

/// Puts the block `x` into a tensor of `shape`, at `begin`.
pub(crate) fn place<T: Element>(x: &[T], of_x: &[usize], begin: &[usize], shape: &[usize], out: &mut [T]) {
    let mut whole = ArrayViewMutD::from_shape(IxDyn(shape), out).expect("as many values as the shape has elements");
    let x = ArrayViewD::from_shape(IxDyn(of_x), x).expect("as many values as the shape has elements");
    whole.slice_each_axis_mut(|along| range(begin, of_x, along.axis.index())).assign(&x);
}

fn range(begin: &[usize], shape: &[usize], axis: usize) -> Slice {
    Slice::from(begin[axis]..begin[axis] + shape[axis])
}
