//! One loop over all elements of several tensors.

use std::array;

use crate::buffers;
use crate::element::Real;
use crate::kernels::fused::{self, Function, Operands};
use crate::kernels::loops::Stretched;
use crate::recording::call_site::Rule;
use crate::shape::Shape;
use crate::tensor::{FEW, Identity, Tensor};

/// Tensors in three groups, whose elements a [`Function`] gets as three arrays.
pub(super) type Groups<'a, T, const A: usize, const B: usize, const C: usize> =
    ([&'a Tensor<T>; A], [&'a Tensor<T>; B], [&'a Tensor<T>; C]);

/// The outputs of a function, of `shape`, to which all inputs broadcast. There is none in the place of an output that is not
/// wanted.
#[track_caller]
pub(super) fn computed<T: Real, const A: usize, const B: usize, const C: usize, const O: usize>(
    rule: &'static Rule,
    f: &impl Function<T, A, B, C, O>,
    shape: &Shape,
    (a, b, c): Groups<'_, T, A, B, C>,
    wanted: u64,
) -> [Option<Tensor<T>>; O] {
    let is_wanted = |o: usize| wanted >> o & 1 != 0;
    if shape.is_empty() {
        let value = |tensor: &Tensor<T>| tensor.values()[0];
        let values = f.at(wanted, a.map(value), b.map(value), c.map(value));
        return array::from_fn(|o| is_wanted(o).then(|| Tensor::scalar(values[o])));
    }
    let inputs = Operands(stretched(a, shape), stretched(b, shape), stretched(c, shape));
    if shape.size() <= FEW {
        let mut outs = [[T::default(); FEW]; O];
        fused::map_few(f, shape.size(), inputs, wanted, &mut outs);
        let tensor = |values| Tensor::of_few(shape.clone(), values).renewed(Identity::fresh());
        return array::from_fn(|o| is_wanted(o).then(|| tensor(outs[o])));
    }
    let mut outs = array::from_fn(|o| if is_wanted(o) { buffers::reserved(rule.name, shape) } else { Vec::new() });
    fused::map(f, shape.size(), inputs, wanted, &mut outs);
    array::from_fn(|o| {
        let values = std::mem::take(&mut outs[o]);
        is_wanted(o).then(|| Tensor::computed(shape.clone(), values).renewed(Identity::fresh()))
    })
}

fn stretched<'a, T: Real, const N: usize>(tensors: [&'a Tensor<T>; N], shape: &'a Shape) -> [Stretched<'a, T>; N] {
    tensors.map(|tensor| Stretched::new(tensor.values(), tensor.shape(), shape))
}
