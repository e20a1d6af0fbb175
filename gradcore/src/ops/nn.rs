//! Operations of neural networks. Softmax and the loss work along the last axis.

use super::apply::{raw_binary, unary};
use super::math::sigmoid_gradient;
use super::{exp, less, multiply, reduce_sum, reshape, sigmoid, where_};
use crate::buffers;
use crate::custom_gradient;
use crate::element::{Integer, Number, Real};
use crate::error::{Error, refuse};
use crate::kernels::{elementwise, rows};
use crate::shape::Shape;
use crate::tensor::{Role, Tensor};

/// max(x, 0); d/dx = 1 where x > 0, else 0.
#[custom_gradient(linear, leaf)]
pub(crate) fn relu<T: Number>(x: &Tensor<T>) -> Tensor<T> {
    let y = unary("relu", x, elementwise::relu);
    (y, |dy| relu_gradient(dy, &y))
}

/// dy where y > 0, else 0: linear in dy, flat in y, so that the second derivative of relu is 0.
#[custom_gradient(linear, leaf)]
fn relu_gradient<T: Number>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let grad = |ddy| (relu_gradient(ddy, y), Tensor::nothing("relu", ddy.shared_shape()));
    let dx = match dy.role().has_choices() {
        true => raw_binary("relu", dy, y, |dy, y| elementwise::where_positive(dy, y)),
        false => raw_binary("relu", dy, y, |dy: T, y| elementwise::where_positive(dy.without_choice(), y)),
    };
    (dx.with_role(Role::Choices), grad)
}

/// eˣ - 1 where x < 0, else x; d/dx = eˣ where x < 0, else 1.
#[custom_gradient(linear, leaf)]
pub(crate) fn elu<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| where_(&less(x, &Tensor::scalar(T::default())), &(dy * exp(x)), dy);
    (unary("elu", x, elementwise::elu), grad)
}

/// x σ(x); d/dx = σ(x) + x σ(x) σ(-x).
#[custom_gradient(linear)]
pub(crate) fn swish<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let grad = |dy| dy * sigmoid(x) + sigmoid_gradient(dy, x) * x;
    (multiply(x, &sigmoid(x)), grad)
}

/// ln(1 + eˣ); d/dx = σ(x).
#[custom_gradient(linear, leaf)]
pub(crate) fn softplus<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    (unary("softplus", x, T::softplus), |dy| dy * sigmoid(x))
}

fn last_size<T: Real>(x: &Tensor<T>) -> usize {
    x.shape()[x.rank() - 1]
}

fn last_axis<T: Real>(x: &Tensor<T>) -> [usize; 1] {
    [x.rank() - 1]
}

/// eˣ / Σ eˣ of a tensor that is no scalar; d/dx: y (dy - Σ dy y).
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise("softmax", x, rows::softmax);
    (y, |dy| softmax_gradient(dy, &y))
}

/// y (dy - Σ dy y) for a y that sums to 1, exact also where nearly all of it is one element; symmetric in dy, and
/// d/dy: g (dy - Σ dy y) - dy Σ g y.
#[custom_gradient(linear)]
#[track_caller]
fn softmax_gradient<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let axes = last_axis(y);
    let grad = |g| {
        let mean = |of: &Tensor<T>| reduce_sum(&(of * y), &axes, true);
        (softmax_gradient(g, y), g * (dy - mean(dy)) - mean(g) * dy)
    };
    (rowwise_of_two("softmax", dy, y, rows::softmax_gradient), grad)
}

/// x - ln Σ eˣ of a tensor that is no scalar; d/dx: dy - softmax(x) Σ dy.
#[custom_gradient(linear)]
#[track_caller]
pub(crate) fn log_softmax<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let y = rowwise("log_softmax", x, rows::log_softmax);
    (y, |dy| log_softmax_gradient(dy, &y))
}

/// dy - eʸ Σ dy for a y whose powers of e sum to 1, exact also where nearly all of that is one element;
/// d/ddy: g - Σ g eʸ, d/dy: -g eʸ Σ dy.
#[custom_gradient(linear)]
#[track_caller]
fn log_softmax_gradient<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let axes = last_axis(y);
    let grad = |g| (centered(g, y), -(g * exp(y)) * reduce_sum(dy, &axes, true));
    (rowwise_of_two("log_softmax", dy, y, rows::log_softmax_gradient), grad)
}

/// dy - Σ dy eʸ for a y whose powers of e sum to 1; d/ddy: g - eʸ Σ g, d/dy: -dy eʸ Σ g.
#[custom_gradient(linear)]
#[track_caller]
fn centered<T: Real>(dy: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let axes = last_axis(y);
    let grad = |g| (log_softmax_gradient(g, y), -(dy * exp(y)) * reduce_sum(g, &axes, true));
    (rowwise_of_two("log_softmax", dy, y, rows::centered), grad)
}

/// A kernel that takes rows of the last axis.
type RowKernel<T> = fn(&[T], usize, &mut [T]);

#[track_caller]
fn rowwise<T: Real>(operation: &'static str, x: &Tensor<T>, kernel: RowKernel<T>) -> Tensor<T> {
    let width = last_size(x);
    Tensor::overwritten(operation, x.shared_shape(), |out| kernel(x.values(), width, out))
}

/// A kernel that takes rows of a gradient and of another tensor of its shape.
type GradientRowKernel<T> = fn(&[T], &[T], usize, &mut [T]);

/// The gradient of rows. Where nothing flows into a row, nothing flows out of it.
#[track_caller]
fn rowwise_of_two<T: Real>(
    operation: &'static str,
    dy: &Tensor<T>,
    y: &Tensor<T>,
    kernel: GradientRowKernel<T>,
) -> Tensor<T> {
    let width = last_size(y);
    let role = dy.role();
    let dx = Tensor::overwritten(operation, y.shared_shape(), |out| {
        kernel(dy.values(), y.values(), width, out);
        if role.has_choices() {
            rows::keep_no_choice(dy.values(), width, out);
        }
    });
    dx.with_role(role)
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
    let grad = |dp, dl| softmax_gradient(dp, &p) + cross_entropy_gradient(dl, &p, classes);
    ((p, Tensor::computed(batch, losses)), grad)
}

/// (probabilities - onehot(classes)) dy for probabilities that sum to 1: linear in dy, and in the probabilities but for a constant.
#[custom_gradient(linear)]
#[track_caller]
fn cross_entropy_gradient<T: Real>(dy: &Tensor<T>, probabilities: &Tensor<T>, classes: &[usize]) -> Tensor<T> {
    let of_rows = Shape::of(SPARSE_CROSS_ENTROPY, dy.shape().iter().copied().chain([1]));
    let dx = Tensor::overwritten(SPARSE_CROSS_ENTROPY, probabilities.shared_shape(), |out| {
        rows::cross_entropy_gradient(probabilities.values(), classes, dy.values(), out);
        if dy.role().has_choices() {
            rows::keep_no_choice(dy.values(), last_size(probabilities), out);
        }
    });
    let dx = dx.with_role(dy.role());
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
