//! Operations of neural networks. Softmax and the loss work along the last axis.

use super::apply::{binary, unary};
use super::{exp, multiply, reduce_sum, reshape};
use crate::custom_gradient;
use crate::element::{Integer, Number, Real};
use crate::error::{Error, refuse};
use crate::kernels::{elementwise, rows};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// max(x, 0); d/dx = 1 where x > 0, else 0.
#[custom_gradient]
pub(crate) fn relu<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary(x, elementwise::relu);
    (y, |dy| relu_gradient(dy, &y))
}

/// dy where y > 0, else 0: linear in dy, flat in y, so that the second derivative of relu is 0.
#[custom_gradient]
fn relu_gradient<T: Number>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |ddy| (relu_gradient(ddy, y), Tensor::filled(ddy.shape(), T::default()));
    (binary("relu", dy, y, elementwise::where_positive), grad)
}

fn last_axis<T: Real>(x: &Tensor<T>) -> [usize; 1] {
    [x.rank() - 1]
}

/// eˣ / Σ eˣ of a tensor that is no scalar; d/dx: y (dy - Σ dy y).
#[custom_gradient]
#[track_caller]
pub(crate) fn softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise(x, rows::softmax);
    let axes = last_axis(x);
    (y, |dy| multiply(&y, &(dy - reduce_sum(&(dy * &y), &axes, true))))
}

/// x - ln Σ eˣ of a tensor that is no scalar; d/dx: dy - softmax(x) Σ dy.
#[custom_gradient]
#[track_caller]
pub(crate) fn log_softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise(x, rows::log_softmax);
    let axes = last_axis(x);
    (y, |dy| dy - exp(&y) * reduce_sum(dy, &axes, true))
}

fn rowwise<T: Real>(x: &Tensor<T>, kernel: impl Fn(&[T], &mut [T])) -> Tensor<T> {
    let mut out = vec![T::default(); x.size()];
    let width = x.shape()[x.rank() - 1].max(1);
    for (row, out) in x.values().chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        kernel(row, out);
    }
    Tensor::computed(x.shared_shape(), out)
}

/// -ln softmax(logits) at the labels; d/dlogits: (softmax(logits) - onehot(labels)) dy.
#[custom_gradient]
#[track_caller]
pub(crate) fn sparse_softmax_cross_entropy_with_logits<L: Integer, T: Real>(
    labels: &Tensor<L>,
    logits: &Tensor<T>,
) -> Tensor<T> {
    let places = label_places(labels, logits);
    let log_probabilities = log_softmax(logits);
    let shape = labels.shared_shape();
    let picked = places.iter().map(|&place| T::default() - log_probabilities.values()[place]).collect();
    let grad = |dy| {
        let of_rows: Shape = shape.iter().copied().chain([1]).collect();
        (exp(&log_probabilities) - one_hot(&places, log_probabilities.shared_shape())) * reshape(dy, &of_rows)
    };
    (Tensor::computed(shape, picked), grad)
}

/// Where in the logits each label points.
#[track_caller]
fn label_places<L: Integer, T: Real>(labels: &Tensor<L>, logits: &Tensor<T>) -> Vec<usize> {
    let operation = "sparse_softmax_cross_entropy_with_logits";
    let [batch @ .., classes] = logits.shape() else {
        refuse(&Error::Argument {
            operation,
            expected: "`logits` to have at least 1 axis".into(),
            found: "a scalar".into(),
        })
    };
    if labels.shape() != batch {
        refuse(&Error::Argument {
            operation,
            expected: format!("`labels` of shape {batch:?}, that of `logits` without its last axis"),
            found: format!("shape {:?}", labels.shape()),
        });
    }
    let place = |(row, label): (usize, &L)| Some(row * classes + label.index_below(*classes)?);
    let places = labels.values().iter().enumerate().map(place).collect::<Option<Vec<usize>>>();
    let Some(places) = places else {
        let found = labels.values().iter().find(|label| label.index_below(*classes).is_none());
        refuse(&Error::Argument {
            operation,
            expected: format!("`labels` from 0 to {classes} (exclusive)"),
            found: found.map(ToString::to_string).unwrap_or_default(),
        })
    };
    places
}

fn one_hot<T: Real>(places: &[usize], shape: Shape) -> Tensor<T> {
    let mut values = vec![T::default(); shape.size()];
    places.iter().for_each(|&place| values[place] = T::ONE);
    Tensor::computed(shape, values)
}
