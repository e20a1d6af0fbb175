//! What a tape keeps alive: in a training step, of single rules, and for its nodes. And what steps ask of the system when
//! they have run for a while.
//!
//! `cargo bench --bench memory` prints it, and fails where a rule keeps more than its formula needs, where a node costs
//! more than one allocation, where a pass frees nothing on its way, where a step leaks, or where it maps a page.
//!
//! For the network of the training step PyTorch 2.15.0 keeps 1 058 820 bytes (`saved_bytes.py` counts them): what the two
//! `relu` give, the log-probabilities, and a scalar. Here the tape keeps 1 064 896: the two and the log-probabilities, too,
//! the places of the labels (2048, where PyTorch keeps the labels themselves, which are an input), and 4028 for nodes,
//! shapes and slots. Of single rules both keep the same.

#![allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]

mod counting;
mod pages;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use counting::{Measured, alive, measure};
use gradcore::prelude::*;

const MIB: usize = 1 << 20;

/// Passes a tensor on, and notes how many bytes are alive when a pass comes by.
#[custom_gradient]
fn observed(x: &Tensor) -> Tensor {
    let grad = |dy| {
        ALIVE_IN_PASS.store(alive(), Ordering::Relaxed);
        dy
    };
    (x, grad)
}
static ALIVE_IN_PASS: AtomicUsize = AtomicUsize::new(0);

/// A layer's weights and biases.
type Layer = (Variable, Variable);

const BATCH: u16 = 256;
const WIDTHS: [usize; 4] = [784, 512, 512, 10];
/// What PyTorch keeps for such a step.
const BY_PYTORCH: usize = 1_058_820;
/// What the nodes of such a step may take.
const BOOKKEEPING: usize = 8192;

fn layers() -> Vec<Layer> {
    let layer = |widths: &[usize]| {
        let weights = tf::random::normal([widths[0], widths[1]], stddev(0.05).seed(1));
        (Variable::new(weights), Variable::new(tf::zeros([widths[1]])))
    };
    WIDTHS.windows(2).map(layer).collect()
}

/// Images and labels.
fn batch() -> (Tensor, Tensor<i64>) {
    let labels: Tensor<i64> = tf::constant((0..BATCH).map(|k| i64::from(k % 10)).collect::<Vec<_>>());
    (tf::random::normal([usize::from(BATCH), WIDTHS[0]], seed(2)), labels)
}

fn loss(layers: &[Layer], images: &Tensor, labels: &Tensor<i64>) -> Tensor {
    let (output, hidden) = layers.split_last().expect("a network has layers");
    let dense = |x: &Tensor, (weights, biases): &Layer| tf::matmul(x, weights, ..) + biases;
    let features = hidden.iter().fold(images.clone(), |x, layer| tf::nn::relu(dense(&x, layer)));
    tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(labels, dense(&features, output)), ..)
}

fn training_step() -> Result<(), Box<dyn Error>> {
    let Measured { result: layers, kept: parameters, .. } = measure(layers);
    let (images, labels) = batch();
    let sources: Vec<&Variable> = layers.iter().flat_map(|(weights, biases)| [weights, biases]).collect();
    let forward = || {
        let tape = GradientTape::new();
        let loss = loss(&layers, &images, &labels);
        (tape, loss)
    };
    let step = || {
        let (tape, loss) = forward();
        tape.gradient(&loss, &sources)
    };

    step()?; // What threads keep for good is there from now on.
    let kept = measure(forward).kept.unsigned_abs();
    let peak = measure(|| step().map(drop));
    println!("a training step: a batch of {BATCH}, layers of {WIDTHS:?}");
    println!("{parameters:>12} bytes are the parameters");
    println!("{kept:>12} bytes does the tape keep, PyTorch {BY_PYTORCH}");
    let noted = {
        let tape = GradientTape::new().note_saved(true);
        let _loss = loss(&layers, &images, &labels);
        tape.saved().owned_bytes()
    };
    println!("{noted:>12} bytes of these does `saved` list as the tape's own");
    println!("{:>12} bytes are alive at most, besides parameters and inputs", peak.peak);
    peak.result?;
    expect(kept < BY_PYTORCH + BOOKKEEPING, "a tape keeps more than PyTorch does".into())?;
    expect(noted <= kept && kept - noted < BOOKKEEPING, format!("`saved` lists {noted} bytes, the tape keeps {kept}"))?;
    expect(peak.kept == 0, format!("a step leaks {} bytes", peak.kept))
}

type Rule = fn(&Tensor, &Tensor) -> Tensor;

/// Rules, and the tensors of the size of an input that their gradients need.
const RULES: [(&str, f64, Rule); 13] = [
    ("x + y", 0.0, |x, y| x + y),
    ("x * y", 2.0, |x, y| x * y),
    ("x / y", 2.0, |x, y| x / y),
    ("exp(x)", 1.0, |x, _| tf::exp(x)),
    ("relu(x)", 1.0, |x, _| tf::nn::relu(x)),
    // A byte for each element.
    ("where_(x > 0, x, y)", 0.25, |x, y| tf::where_(tf::greater(x, 0), x, y)),
    ("matmul(x, y)", 2.0, |x, y| tf::matmul(x, y, ..)),
    ("transpose(x)", 0.0, |x, _| tf::transpose(x, ..)),
    ("reduce_sum(x)", 0.0, |x, _| tf::reduce_sum(x, ..)),
    ("reduce_mean(x)", 0.0, |x, _| tf::reduce_mean(x, ..)),
    ("reduce_max(x)", 1.0, |x, _| tf::reduce_max(x, ..)),
    ("softmax(x)", 1.0, |x, _| tf::nn::softmax(x, ..)),
    ("sparse_softmax_cross_entropy", 1.0, |x, _| {
        let labels = tf::constant(vec![0; x.shape()[0]]);
        tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, x)
    }),
];

/// What a tape keeps of one call when nobody else holds its inputs and its output.
fn single_rules() -> Result<(), Box<dyn Error>> {
    println!("\nkept of a call, in tensors of the size of an input:");
    for (name, needed, rule) in RULES {
        let kept = measure(|| {
            let tape = GradientTape::new();
            let [x, y] = [1, 2].map(|k| tf::random::uniform([512, 512], seed(k)));
            tape.watch((&x, &y));
            rule(&x, &y);
            tape
        });
        let kept = kept.kept as f64 / MIB as f64;
        println!("{kept:>12.2} {name}");
        expect((kept - needed).abs() < 0.02, format!("`{name}` keeps {kept:.2} tensors; its gradient needs {needed}"))?;
    }
    Ok(())
}

/// Allocations and bytes for each node of a chain of scalars.
fn nodes() -> Result<(), Box<dyn Error>> {
    const LENGTH: u16 = 10_000;
    let x: Tensor = tf::constant(0.9999);
    let forward = measure(|| {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = (0..LENGTH).fold(tf::identity(&x), |y, k| if k % 2 == 0 { &y * &x } else { &y + &x });
        (tape, y)
    });
    let (tape, y) = forward.result;
    let backward = measure(|| tape.gradient(&y, &x));
    backward.result?;
    let each = |count: f64| count / f64::from(LENGTH);
    println!("\nfor each of {LENGTH} nodes of a chain of scalars:");
    println!("{:>12.3} allocations forward", each(forward.allocations as f64));
    println!("{:>12.3} allocations backward", each(backward.allocations as f64));
    println!("{:>12.1} bytes", each(forward.kept as f64));
    expect(each(forward.allocations as f64) < 1.05, "a node costs more than one allocation".into())?;
    let left = forward.kept + backward.kept;
    expect(left == 0, format!("a chain leaks {left} bytes"))
}

/// An operation.
type Call = fn(&Tensor) -> Tensor;

/// Allocations of operations on tensors of some tens of elements.
fn small_tensors() -> Result<(), Box<dyn Error>> {
    println!("\nallocations of a call on 32 elements:");
    let x: Tensor = tf::ones([4, 8]);
    let calls: [(&str, Call); 5] = [
        ("x + x", |x| x + x),
        ("0.5 * x", |x| 0.5 * x),
        ("tanh(x)", |x| tf::tanh(x)),
        ("relu(x)", |x| tf::nn::relu(x)),
        ("zeros_like(x)", |x| tf::zeros_like(x)),
    ];
    for (name, call) in calls {
        let allocations = measure(|| call(&x)).allocations;
        println!("{allocations:>12} {name}");
        expect(allocations <= 1, format!("`{name}` of a small tensor costs {allocations} allocations"))?;
    }
    Ok(())
}

/// Whether what a node keeps is gone when the pass has run it.
fn freed_on_the_way() -> Result<(), Box<dyn Error>> {
    const LENGTH: usize = 64;
    let x: Tensor = tf::ones([MIB / size_of::<f32>()]);
    let before = alive();
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = (0..LENGTH).fold(observed(&x), |y, _| tf::nn::relu(y));
    let kept = alive() - before;
    let backward = measure(|| tape.gradient(&y, &x));
    backward.result?;
    let in_pass = ALIVE_IN_PASS.load(Ordering::Relaxed) - before;
    let tensors = |bytes: usize| bytes as f64 / MIB as f64;
    println!("\na chain of {LENGTH} `relu`, in tensors:");
    println!("{:>12.2} alive when the pass begins", tensors(kept));
    println!("{:>12.2} more while it runs", tensors(backward.peak));
    println!("{:>12.2} alive when it reaches the first node: target, output gradient, gradient", tensors(in_pass));
    expect(in_pass < 4 * MIB, "a pass does not free what it has run".into())
}

fn expect(holds: bool, otherwise: String) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn main() -> Result<(), Box<dyn Error>> {
    // What is kept for new tensors would be counted as alive.
    gradcore::memory::set_limit(0);
    training_step()?;
    nodes()?;
    small_tensors()?;
    freed_on_the_way()?;
    single_rules()?;
    pages::measured()
}
