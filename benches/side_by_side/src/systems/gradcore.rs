//! This library, as its README writes it.

use std::hint::black_box;

use gradcore::functional;
use gradcore::optimizers::Adam;
use gradcore::prelude::*;

use crate::serve::{Ready, Seen};
use crate::work::{self, BATCH, CHAIN, DENSE, LEARNING_RATE, LOGITS, SIGNS, TANH, X_OF_CHAIN};

/// Functions of tensors, line by line.
mod by_tensors {
    use gradcore::prelude::*;

    #[custom_gradient]
    pub(super) fn leaky_relu(x: &Tensor) -> Tensor {
        let y = tf::where_(x > 0, x, x * 0.2);
        let grad = |dy| tf::where_(x > 0, dy, dy * 0.2);
        (y, grad)
    }

    #[custom_gradient]
    pub(super) fn log1pexp(x: &Tensor) -> Tensor {
        let e = tf::exp(x);
        let y = tf::log(1.0 + &e);
        let grad = |dy| dy * (1.0 - 1.0 / (1.0 + &e));
        (y, grad)
    }

    pub(super) fn gelu(x: &Tensor) -> Tensor {
        0.5 * x * (1.0 + tf::tanh(0.797_884_6 * (x + 0.044_715 * x * x * x)))
    }
}

/// The same, of single elements.
mod by_elements {
    use gradcore::prelude::*;

    #[custom_gradient(elementwise)]
    pub(super) fn leaky_relu<T: Real>(x: T) -> T {
        let y = if x > 0.0 { x } else { 0.2 * x };
        let grad = |dy| if x > 0.0 { dy } else { 0.2 * dy };
        (y, grad)
    }

    #[custom_gradient(elementwise)]
    pub(super) fn log1pexp<T: Real>(x: T) -> T {
        let e = x.exp();
        let grad = |dy| dy * (1.0 - 1.0 / (1.0 + e));
        ((1.0 + e).ln(), grad)
    }

    #[custom_gradient(elementwise)]
    pub(super) fn gelu<T: Real>(x: T) -> T {
        let t = (0.797_884_6 * (x + 0.044_715 * x * x * x)).tanh();
        let y = 0.5 * x * (1.0 + t);
        let grad = |dy| {
            let slope = 0.797_884_6 * (1.0 + 3.0 * 0.044_715 * x * x);
            dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope)
        };
        (y, grad)
    }
}

/// A sign, whose gradient passes where its input is between -1 and 1.
#[custom_gradient]
fn sign(x: &Tensor) -> Tensor {
    let y = tf::where_(x >= 0, 1.0, -1.0);
    let grad = |dy| tf::where_(tf::abs(x) <= 1.0, dy, 0.0);
    (y, grad)
}

type Function = fn(&Tensor) -> Tensor;

pub(crate) fn of_tensors(work: &str, size: usize) -> Option<Ready> {
    match work {
        "chain" => Some(chain()),
        "dense" => Some(dense()),
        "cross_entropy" => Some(cross_entropy()),
        "signs" => Some(signs()),
        "hvp" => Some(hvp()),
        _ => functions(work, size, [by_tensors::leaky_relu, by_tensors::log1pexp, by_tensors::gelu]),
    }
}

pub(crate) fn elementwise(work: &str, size: usize) -> Option<Ready> {
    functions(work, size, [by_elements::leaky_relu, by_elements::log1pexp, by_elements::gelu])
}

fn functions(work: &str, size: usize, [leaky_relu, log1pexp, gelu]: [Function; 3]) -> Option<Ready> {
    match work {
        "leaky_relu" => Some(function(size, leaky_relu)),
        "log1pexp" => Some(function(size, log1pexp)),
        "gelu" => Some(function(size, gelu)),
        "sum_leaky_relu" => Some(sum(size, leaky_relu)),
        _ => None,
    }
}

fn tensor(shape: &[usize], values: Vec<f32>) -> Tensor {
    Tensor::from_vec(shape, values).expect("as many values as the shape has")
}

fn see<const N: usize>(seen: Option<&mut Seen>, results: [&Tensor; N]) {
    match seen {
        Some(seen) => results.iter().for_each(|result| seen.result(&result.to_vec())),
        None => drop(black_box(results)),
    }
}

fn function(size: usize, f: Function) -> Ready {
    let (x, dy) = (tensor(&[size], work::x(size)), tf::ones([size]));
    Box::new(move |seen| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = f(&x);
        let dx = tape.gradient_with(&y, &x, output_gradients(&dy)).expect("a gradient");
        see(seen, [&y, &dx]);
    })
}

fn sum(size: usize, f: Function) -> Ready {
    let x = tensor(&[size], work::x(size));
    Box::new(move |seen| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = tf::reduce_sum(f(&x), ..);
        let dx = tape.gradient(&y, &x).expect("a gradient");
        see(seen, [&y, &dx]);
    })
}

fn chain() -> Ready {
    let x = tf::constant(X_OF_CHAIN);
    Box::new(move |seen| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = (0..CHAIN).fold(tf::identity(&x), |y, k| if k % 2 == 0 { &y * &x } else { &y + &x });
        let dx = tape.gradient(&y, &x).expect("a gradient");
        see(seen, [&y, &dx]);
    })
}

fn dense() -> Ready {
    let [rows, inputs, outputs] = DENSE;
    let [x, w, b] = work::dense();
    let (x, w, b) = (tensor(&[rows, inputs], x), tensor(&[inputs, outputs], w), tensor(&[outputs], b));
    let dy = tf::ones([rows, outputs]);
    Box::new(move |seen| {
        let tape = GradientTape::new();
        tape.watch((&x, &w, &b));
        let y = tf::nn::relu(tf::matmul(&x, &w, ..) + &b);
        let (dx, dw, db) = tape.gradient_with(&y, (&x, &w, &b), output_gradients(&dy)).expect("gradients");
        see(seen, [&y, &dx, &dw, &db]);
    })
}

fn cross_entropy() -> Ready {
    let x = tensor(&LOGITS, work::logits());
    let labels: Tensor<i64> = tf::constant(work::labels(LOGITS[0], LOGITS[1]));
    Box::new(move |seen| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let loss = tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, &x), ..);
        let dx = tape.gradient(&loss, &x).expect("a gradient");
        see(seen, [&loss, &dx]);
    })
}

fn signs() -> Ready {
    let variable = |shape: &[usize], values| Variable::new(tensor(shape, values));
    let mut layers: Vec<(Variable, Variable)> = SIGNS
        .windows(2)
        .zip(work::signs())
        .map(|(widths, [weights, biases])| (variable(widths, weights), variable(&widths[1..], biases)))
        .collect();
    let images = tensor(&[BATCH, SIGNS[0]], work::images());
    let labels: Tensor<i64> = tf::constant(work::labels(BATCH, 10));
    let mut adam = Adam::new(LEARNING_RATE.into());
    Box::new(move |seen| {
        let sources: Vec<&Variable> = layers.iter().flat_map(|(weights, biases)| [weights, biases]).collect();
        let (last, hidden) = layers.split_last().expect("a network has layers");
        let dense = |x: &Tensor, (weights, biases): &(Variable, Variable)| tf::matmul(x, weights, ..) + biases;
        let tape = GradientTape::new();
        let features = hidden.iter().fold(images.clone(), |x, layer| sign(&dense(&x, layer)));
        let logits = dense(&features, last);
        let loss = tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, &logits), ..);
        let gradients = tape.gradient(&loss, &sources).expect("gradients");
        let first = gradients[0].clone();
        let variables = layers.iter_mut().flat_map(|(weights, biases)| [weights, biases]);
        adam.apply_gradients(gradients.into_iter().zip(variables)).expect("a step");
        see(seen, [&loss, &first, &layers[0].0, &layers[2].1]);
    })
}

fn hvp() -> Ready {
    let [inputs, hidden, outputs] = TANH;
    let pair = |[first, second]: [Vec<f32>; 2]| (tensor(&[inputs, hidden], first), tensor(&[hidden, outputs], second));
    let [weights, directions] = work::tanh();
    let ((w1, w2), (v1, v2)) = (pair(weights), pair(directions));
    let x = tensor(&[BATCH, inputs], work::images());
    Box::new(move |seen| {
        let loss = |w1: &Tensor, w2: &Tensor| {
            tf::reduce_mean(tf::square(tf::matmul(tf::tanh(tf::matmul(&x, w1, ..)), w2, ..)), ..)
        };
        let (h1, h2) = functional::hvp(|(w1, w2)| loss(w1, w2), (&w1, &w2), (&v1, &v2)).expect("a product");
        see(seen, [&h1, &h2]);
    })
}
