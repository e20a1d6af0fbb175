//! Random programs: operations on what earlier operations gave, smooth and of moderate size everywhere.

use gradcore::prelude::*;
use proptest::prelude::*;

/// One operation. Places are taken modulo the number of tensors that exist.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    kind: Kind,
    left: usize,
    right: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Add,
    Subtract,
    Product,
    Quotient,
    Power,
    Sine,
    Logistic,
    Mean,
    Product2,
    Swapped,
    Chosen,
    Fused,
    Custom,
    Pair,
    Recomputed,
}

const KINDS: [Kind; 15] = [
    Kind::Add,
    Kind::Subtract,
    Kind::Product,
    Kind::Quotient,
    Kind::Power,
    Kind::Sine,
    Kind::Logistic,
    Kind::Mean,
    Kind::Product2,
    Kind::Swapped,
    Kind::Chosen,
    Kind::Fused,
    Kind::Custom,
    Kind::Pair,
    Kind::Recomputed,
];

/// A random program.
pub(crate) fn program(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (proptest::sample::select(&KINDS[..]), any::<usize>(), any::<usize>());
    prop::collection::vec(step.prop_map(|(kind, left, right)| Step { kind, left, right }), 1..longest)
}

/// Numbers for the inputs, whose shapes are those of [`SHAPES`].
pub(crate) fn inputs() -> impl Strategy<Value = Vec<Tensor<f64>>> {
    let sizes = SHAPES.map(|shape| shape.iter().product::<usize>());
    let values = prop::collection::vec(-1.5..1.5f64, sizes.iter().sum::<usize>());
    values.prop_map(|values| {
        let mut rest = &values[..];
        let cut = |shape: &&[usize]| {
            let (own, others) = rest.split_at(shape.iter().product());
            rest = others;
            Tensor::from_vec(shape, own.to_vec()).expect("a number for each element")
        };
        SHAPES.iter().map(cut).collect()
    })
}

/// They broadcast against each other.
const SHAPES: [&[usize]; 4] = [&[], &[3], &[2, 1], &[2, 3]];

/// tanh, by a rule of its own that keeps its value.
#[custom_gradient]
fn squashed(x: &Tensor<f64>) -> Tensor<f64> {
    let y = tf::tanh(x);
    let grad = |dy| dy * (1.0 - &y * &y);
    (y, grad)
}

/// x / (1 + y²), in one loop.
#[custom_gradient(elementwise)]
fn damped<T: Real>(x: T, y: T) -> T {
    let scale = T::ONE + y * y;
    (x / scale, |dy| (dy / scale, dy * T::of(-2.0) * x * y / (scale * scale)))
}

/// x y and x - y, both bounded.
#[custom_gradient]
fn pair(x: &Tensor<f64>, y: &Tensor<f64>) -> (Tensor<f64>, Tensor<f64>) {
    let grad = |dp, dm| (tf::sum_to(dp * y + dm, x), tf::sum_to(dp * x - dm, y));
    ((x * y, x - y), grad)
}

#[custom_gradient(recompute)]
fn softened(x: &Tensor<f64>) -> Tensor<f64> {
    let e = tf::exp(x * 0.5);
    let y = tf::log(&e + 1.0);
    (y, |dy| dy * 0.5 * &e / (&e + 1.0))
}

/// Runs a program; its output is the sum of everything, so that nothing is unused.
pub(crate) fn run(program: &[Step], inputs: &[&Tensor<f64>]) -> Tensor<f64> {
    let mut tensors: Vec<Tensor<f64>> = inputs.iter().copied().cloned().collect();
    for Step { kind, left, right } in program {
        let (x, y) = (&tensors[left % tensors.len()], &tensors[right % tensors.len()]);
        let result = match kind {
            Kind::Add => (x + y) * 0.5,
            Kind::Subtract => (x - y) * 0.5,
            Kind::Product => tf::tanh(x * y),
            Kind::Quotient => x / (tf::square(y) + 1.0),
            Kind::Power => tf::exp(tf::log(tf::square(x) + 1.0) * 0.5) * 0.5,
            Kind::Sine => tf::sqrt(tf::square(x) + 1.0) * 0.5,
            Kind::Logistic => tf::sigmoid(x) - 0.5,
            Kind::Mean => tf::reduce_mean(x, ..) + tf::tanh(tf::reduce_sum(x, ..) * 0.1),
            Kind::Product2 => matrix_product(x, y),
            Kind::Swapped => -tf::clip_by_value(x, -1e3, 1e3),
            Kind::Chosen => tf::where_(tf::greater(x, 1e3), x, tf::tanh(y)),
            Kind::Fused => damped(x, y),
            Kind::Custom => squashed(x),
            Kind::Pair => {
                let (product, difference) = pair(x, y);
                tf::tanh(product) + difference * 0.25
            }
            Kind::Recomputed => softened(x),
        };
        tensors.push(result);
    }
    let sums = tensors.iter().map(|tensor| tf::reduce_mean(tf::square(tensor), ..));
    sums.reduce(|sum, term| sum + term).expect("there are inputs")
}

/// x yᵀ of both stretched to matrices, bounded.
fn matrix_product(x: &Tensor<f64>, y: &Tensor<f64>) -> Tensor<f64> {
    let [x, y] = [x, y].map(|tensor| tf::broadcast_to(tensor, [2, 3]));
    let product = tf::matmul(&x, &y, transpose_b(true));
    tf::reduce_sum(tf::tanh(product), axis(1).keepdims(true)) * 0.5
}
