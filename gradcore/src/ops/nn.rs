//! Operations of neural networks. Softmax and the loss work along the last axis.

use super::apply::{binary, unary};
use super::{exp, less, multiply, reduce_sum, reshape, sigmoid, where_};
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Integer, Number, Real};
use crate::error::{Error, refuse};
use crate::kernels::{elementwise, rows};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// max(x, 0); d/dx = 1 where x > 0, else 0.
#[custom_gradient(linear, leaf)]
pub(crate) fn relu<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("relu", x, elementwise::relu);
    (y, |dy| relu_gradient(dy, &y))
}

/// dy where y > 0, else 0: linear in dy, flat in y, so that the second derivative of relu is 0.
#[custom_gradient(linear, leaf)]
fn relu_gradient<T: Number>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |ddy| (relu_gradient(ddy, y), Tensor::zeros("relu", ddy.shared_shape()));
    (binary("relu", dy, y, elementwise::where_positive), grad)
}

/// eˣ - 1 where x < 0, else x; d/dx = eˣ where x < 0, else 1.
#[custom_gradient(linear, leaf)]
pub(crate) fn elu<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| where_(&less(x, &Tensor::scalar(T::default())), &(dy * exp(x)), dy);
    (unary("elu", x, elementwise::elu), grad)
}

/// x σ(x); d/dx = σ(x) (1 + x (1 - σ(x))).
#[custom_gradient(linear)]
pub(crate) fn swish<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| {
        let (s, one) = (sigmoid(x), Tensor::scalar(T::ONE));
        dy * &s * (x * (&one - &s) + &one)
    };
    (multiply(x, &sigmoid(x)), grad)
}

/// ln(1 + eˣ); d/dx = σ(x).
#[custom_gradient(linear, leaf)]
pub(crate) fn softplus<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("softplus", x, T::softplus), |dy| dy * sigmoid(x))
}

fn last_axis<T: Real>(x: &Tensor<T>) -> [usize; 1] {
    [x.rank() - 1]
}

/// eˣ / Σ eˣ of a tensor that is no scalar; d/dx: y (dy - Σ dy y).
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise("softmax", x, rows::softmax);
    let axes = last_axis(x);
    (y, |dy| multiply(&y, &(dy - reduce_sum(&(dy * &y), &axes, true))))
}

/// x - ln Σ eˣ of a tensor that is no scalar; d/dx: dy - softmax(x) Σ dy.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn log_softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise("log_softmax", x, rows::log_softmax);
    let axes = last_axis(x);
    (y, |dy| dy - exp(&y) * reduce_sum(dy, &axes, true))
}

/// A kernel that takes rows of the last axis.
type RowKernel<T> = fn(&[T], usize, &mut [T]);

#[track_caller]
fn rowwise<T: Real>(operation: &'static str, x: &Tensor<T>, kernel: RowKernel<T>) -> Tensor<T> {
    let width = x.shape()[x.rank() - 1];
    Tensor::overwritten(operation, x.shared_shape(), |out| kernel(x.values(), width, out))
}

const SPARSE_CROSS_ENTROPY: &str = "sparse_softmax_cross_entropy_with_logits";

/// -ln softmax(logits) at the labels; d/dlogits: (softmax(logits) - onehot(labels)) dy.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn sparse_softmax_cross_entropy_with_logits<L: Integer, T: Real>(
    labels: &Tensor<L>,
    logits: &Tensor<T>,
) -> Tensor<T> {
    let classes = classes_of(labels, logits);
    let (probabilities, losses) = probabilities_and_losses(logits, &classes);
    (losses, |dy| cross_entropy_gradient(dy, &probabilities, &classes))
}

/// softmax(logits), and -ln of it at each row's class.
#[custom_gradient(linear)]
#[track_caller]
fn probabilities_and_losses<T: Real>(logits: &Tensor<T>, classes: &[usize]) -> (Tensor<T>, Tensor<T>) {
    let batch = Shape::of(SPARSE_CROSS_ENTROPY, logits.shape()[..logits.rank() - 1].iter().copied());
    let mut losses = buffers::zeros(SPARSE_CROSS_ENTROPY, &batch);
    let p = Tensor::overwritten(SPARSE_CROSS_ENTROPY, logits.shared_shape(), |out| {
        rows::cross_entropy(logits.values(), classes, out, &mut losses);
    });
    let axes = last_axis(logits);
    let grad =
        |dp, dl| multiply(&p, &(dp - reduce_sum(&(dp * &p), &axes, true))) + cross_entropy_gradient(dl, &p, classes);
    ((p, Tensor::computed(batch, losses)), grad)
}

/// (probabilities - onehot(classes)) dy: linear in dy, and in the probabilities but for a constant.
#[custom_gradient(linear)]
#[track_caller]
fn cross_entropy_gradient<T: Real>(dy: &Tensor<T>, probabilities: &Tensor<T>, classes: &[usize]) -> Tensor<T> {
    let of_rows = Shape::of(SPARSE_CROSS_ENTROPY, dy.shape().iter().copied().chain([1]));
    let dx = Tensor::overwritten(SPARSE_CROSS_ENTROPY, probabilities.shared_shape(), |out| {
        rows::cross_entropy_gradient(probabilities.values(), classes, dy.values(), out);
    });
    let grad = |ddx| {
        let ones = Tensor::overwritten(SPARSE_CROSS_ENTROPY, dy.shared_shape(), |out| out.fill(T::ONE));
        let slopes = cross_entropy_gradient(&ones, probabilities, classes);
        (reduce_sum(&(ddx * slopes), &last_axis(probabilities), false), ddx * reshape(dy, &of_rows))
    };
    (dx, grad)
}

/// The labels as indices of classes.
#[track_caller]
fn classes_of<L: Integer, T: Real>(labels: &Tensor<L>, logits: &Tensor<T>) -> Vec<usize> {
    let operation = SPARSE_CROSS_ENTROPY;
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
    let indices = labels.values().iter().map(|label| label.index_below(*classes)).collect::<Option<Vec<usize>>>();
    let Some(indices) = indices else {
        let found = labels.values().iter().find(|label| label.index_below(*classes).is_none());
        refuse(&Error::Argument {
            operation,
            expected: format!("`labels` from 0 to {classes} (exclusive)"),
            found: found.map(ToString::to_string).unwrap_or_default(),
        })
    };
    indices
}
