//! burn on its `flex` backend, with its own operations.
//!
//! A backward pass begins with ones that burn makes itself. It has no second order.

use std::hint::black_box;

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::serve::{Ready, Seen};
use crate::work::{self, BATCH, BETAS, CHAIN, DENSE, EPSILON, LEARNING_RATE, LOGITS, SIGNS, X_OF_CHAIN};

pub(crate) fn prepare(work: &str, size: usize) -> Option<Ready> {
    match work {
        "leaky_relu" => Some(function(size, leaky_relu)),
        "log1pexp" => Some(function(size, |x| (x.exp() + 1.0).log())),
        "gelu" => Some(function(size, gelu)),
        "sum_leaky_relu" => Some(function(size, |x| leaky_relu(x).sum())),
        "chain" => Some(chain()),
        "dense" => Some(dense()),
        "cross_entropy" => Some(cross_entropy()),
        "signs" => Some(signs()),
        _ => None,
    }
}

fn leaky_relu(x: Tensor<1>) -> Tensor<1> {
    x.clone().mask_where(x.clone().lower_equal_elem(0.0), x * 0.2)
}

fn gelu(x: Tensor<1>) -> Tensor<1> {
    let cube = x.clone() * 0.044_715 * x.clone() * x.clone();
    let t = ((x.clone() + cube) * 0.797_884_6).tanh();
    x * 0.5 * (t + 1.0)
}

fn tensor<const R: usize>(values: Vec<f32>, shape: [usize; R]) -> Tensor<R> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

fn labels(size: usize, classes: usize) -> Tensor<2, Int> {
    Tensor::from_data(TensorData::new(work::labels(size, classes), [size, 1]), &Device::flex().autodiff())
}

fn see<const R: usize>(seen: &mut Option<&mut Seen>, result: Tensor<R>) {
    match seen {
        Some(seen) => seen.result(&result.into_data().try_to_vec::<f32>().expect("numbers")),
        None => drop(black_box(result)),
    }
}

fn mean_cross_entropy(logits: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<1> {
    log_softmax(logits, 1).gather(1, labels).mean().neg()
}

fn function(size: usize, f: fn(Tensor<1>) -> Tensor<1>) -> Ready {
    let x = tensor(work::x(size), [size]);
    Box::new(move |mut seen| {
        let x = x.clone().require_grad();
        let y = f(x.clone());
        let gradients = y.backward();
        see(&mut seen, y);
        see(&mut seen, x.grad(&gradients).expect("a gradient"));
    })
}

fn chain() -> Ready {
    let x = tensor(vec![X_OF_CHAIN], [1]);
    Box::new(move |mut seen| {
        let x = x.clone().require_grad();
        let y = (0..CHAIN).fold(x.clone(), |y, k| if k % 2 == 0 { y * x.clone() } else { y + x.clone() });
        let gradients = y.backward();
        see(&mut seen, y);
        see(&mut seen, x.grad(&gradients).expect("a gradient"));
    })
}

fn dense() -> Ready {
    let [rows, inputs, outputs] = DENSE;
    let [x, w, b] = work::dense();
    let (x, w, b) = (tensor(x, [rows, inputs]), tensor(w, [inputs, outputs]), tensor(b, [1, outputs]));
    Box::new(move |mut seen| {
        let (x, w, b) = (x.clone().require_grad(), w.clone().require_grad(), b.clone().require_grad());
        let y = relu(x.clone().matmul(w.clone()) + b.clone());
        let gradients = y.backward();
        see(&mut seen, y);
        [x, w, b].into_iter().for_each(|it| see(&mut seen, it.grad(&gradients).expect("a gradient")));
    })
}

fn cross_entropy() -> Ready {
    let (x, labels) = (tensor(work::logits(), LOGITS), labels(LOGITS[0], LOGITS[1]));
    Box::new(move |mut seen| {
        let x = x.clone().require_grad();
        let loss = mean_cross_entropy(x.clone(), labels.clone());
        let gradients = loss.backward();
        see(&mut seen, loss);
        see(&mut seen, x.grad(&gradients).expect("a gradient"));
    })
}

/// A sign with the gradient of clipping.
fn sign(x: Tensor<2>) -> Tensor<2> {
    let clipped = x.clone().clamp(-1.0, 1.0);
    let sign = x.greater_equal_elem(0.0).float() * 2.0 - 1.0;
    clipped.clone() + (sign - clipped).detach()
}

/// A parameter and the running means of Adam.
struct Parameter {
    value: Tensor<2>,
    means: [Tensor<2>; 2],
}

fn signs() -> Ready {
    let parameter = |values: Vec<f32>, shape: [usize; 2]| {
        let value = tensor(values, shape);
        let zeros = value.clone().inner().zeros_like();
        Parameter { value, means: [zeros.clone(), zeros] }
    };
    let mut parameters: Vec<Parameter> = SIGNS
        .windows(2)
        .zip(work::signs())
        .flat_map(|(widths, [weights, biases])| {
            [parameter(weights, [widths[0], widths[1]]), parameter(biases, [1, widths[1]])]
        })
        .collect();
    let (images, labels) = (tensor(work::images(), [BATCH, SIGNS[0]]), labels(BATCH, 10));
    let mut steps = 0;
    Box::new(move |mut seen| {
        let values: Vec<Tensor<2>> = parameters.iter().map(|it| it.value.clone().require_grad()).collect();
        let dense = |x: Tensor<2>, k: usize| x.matmul(values[2 * k].clone()) + values[2 * k + 1].clone();
        let logits = dense(sign(dense(sign(dense(images.clone(), 0)), 1)), 2);
        let loss = mean_cross_entropy(logits, labels.clone());
        let gradients = loss.backward();
        steps += 1;
        let [beta_1, beta_2] = BETAS;
        let rate = LEARNING_RATE * (1.0 - beta_2.powi(steps)).sqrt() / (1.0 - beta_1.powi(steps));
        see(&mut seen, loss);
        see(&mut seen, values[0].grad(&gradients).expect("a gradient"));
        for (parameter, value) in parameters.iter_mut().zip(values) {
            let gradient = value.grad(&gradients).expect("a gradient");
            let [first, second] = &mut parameter.means;
            *first = first.clone() * beta_1 + gradient.clone() * (1.0 - beta_1);
            *second = second.clone() * beta_2 + gradient.square() * (1.0 - beta_2);
            let change = first.clone() * rate / (second.clone().sqrt() + EPSILON);
            parameter.value = Tensor::from_inner(value.inner() - change);
        }
        see(&mut seen, parameters[0].value.clone());
        see(&mut seen, parameters[5].value.clone());
    })
}
