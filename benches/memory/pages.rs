//! What the system gives: pages that a program touches for the first time, and those that it has.
//!
//! Linux tells them in `/proc`; elsewhere nothing is measured.

use std::error::Error;
use std::fs;

use gradcore::prelude::*;
use rayon::ThreadPoolBuilder;

use super::{Layer, MIB, batch, expect, layers, loss};

/// Steps until all memory is there that a program uses.
const WARM: usize = 20;
/// Steps in which no page may be mapped for tensors.
const STEADY: usize = 100;
/// Of these steps, those in which threads may touch pages of their own, for queues, stacks and the parts of their first product,
/// which comes late on a busy machine. A tensor that is mapped anew is mapped in every step.
const OF_THREADS: usize = 20;
const PAGE: usize = 4096;

/// Page faults of this process until now: the tenth number that Linux tells of it, and what `getrusage` gives.
fn faults() -> Result<usize, Box<dyn Error + Send + Sync>> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may have spaces.
    let (_, numbers) = text.rsplit_once(") ").ok_or("a line of numbers")?;
    Ok(numbers.split(' ').nth(7).ok_or("a count of faults")?.parse()?)
}

/// Bytes that are in memory now.
fn resident() -> Result<usize, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/statm")?;
    Ok(text.split(' ').nth(1).ok_or("a count of pages")?.parse::<usize>()? * PAGE)
}

/// A program whose steps are measured.
type Step = Box<dyn FnMut() -> Result<(), gradcore::Error> + Send>;

fn dense_network() -> Step {
    let mut layers = layers();
    let (images, labels) = batch();
    let mut adam = optimizers::Adam::new(0.001);
    Box::new(move || {
        let tape = GradientTape::new();
        let loss = loss(&layers, &images, &labels);
        let sources: Vec<&Variable> = layers.iter().flat_map(|(weights, biases)| [weights, biases]).collect();
        let gradients = tape.gradient(&loss, sources)?;
        let variables = layers.iter_mut().flat_map(|(weights, biases)| [weights, biases]);
        adam.apply_gradients(gradients.into_iter().zip(variables))
    })
}

#[custom_gradient]
fn sign(x: &Tensor) -> Tensor {
    let signs = tf::where_(x >= 0.0, 1.0, -1.0);
    let grad = |upstream| tf::where_(tf::abs(x) <= 1.0, upstream, 0.0);
    (signs, grad)
}

/// A step of the digits of the lessons: signs of weights and activations, and weights that are clipped.
fn network_of_signs() -> Step {
    let mut layers = layers();
    let (images, labels) = batch();
    let mut adam = optimizers::Adam::new(0.001);
    let apply = |x: &Tensor, (weights, biases): &Layer| tf::matmul(x, sign(weights), ..) * 0.05 + biases;
    Box::new(move || {
        let tape = GradientTape::new();
        let hidden = layers[..2].iter().fold(images.clone(), |x, layer| sign(&apply(&x, layer)));
        let logits = apply(&hidden, &layers[2]);
        let loss = tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, &logits), ..);
        let sources: Vec<&Variable> = layers.iter().flat_map(|(weights, biases)| [weights, biases]).collect();
        let gradients = tape.gradient(&loss, sources)?;
        let variables = layers.iter_mut().flat_map(|(weights, biases)| [weights, biases]);
        adam.apply_gradients(gradients.into_iter().zip(variables))?;
        layers.iter_mut().try_for_each(|(weights, _)| weights.assign(tf::clip_by_value(&*weights, -1.0, 1.0)))
    })
}

fn chain_of_gelu() -> Step {
    let x: Tensor = tf::random::normal([1_000_000], seed(3));
    let gelu = |x: &Tensor| 0.5 * x * (1.0 + tf::tanh(0.797_884_6 * (x + 0.044_715 * x * x * x)));
    Box::new(move || {
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = tf::reduce_sum((0..3).fold(x.clone(), |x, _| gelu(&x)), ..);
        tape.gradient(&y, &x).map(drop)
    })
}

/// What each program maps when it has run for a while, alone and on two threads.
fn steady_states() -> Result<(), Box<dyn Error>> {
    println!("\nof steps {WARM} to {}, those with page faults:", WARM + STEADY);
    let programs = [
        ("dense network", dense_network as fn() -> Step),
        ("network of signs", network_of_signs),
        ("chain of gelu", chain_of_gelu),
    ];
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
        for (name, program) in programs {
            let mut step = program();
            let mapped = pool.install(|| {
                (0..WARM).try_for_each(|_| step())?;
                let mut mapping = 0;
                for _ in 0..STEADY {
                    let before = faults()?;
                    step()?;
                    mapping += usize::from(faults()? != before);
                }
                Ok(mapping)
            });
            let mapped = mapped.map_err(|error: Box<dyn Error + Send + Sync>| -> Box<dyn Error> { error })?;
            println!("{mapped:>12} {name}, {threads} threads");
            expect(mapped <= OF_THREADS, format!("a step of a {name} maps pages"))?;
        }
    }
    Ok(())
}

/// Whether memory goes back to the system when there was much of it.
fn after_a_peak() -> Result<(), Box<dyn Error>> {
    const LIMIT: usize = 64 * MIB;
    gradcore::memory::set_limit(LIMIT);
    let before = resident()?;
    let tensors: Vec<Tensor> = (0..128).map(|_| tf::ones([8 * MIB / size_of::<f32>()])).collect();
    let peak = resident()? - before;
    drop(tensors);
    let after = resident()?.saturating_sub(before);
    println!("\n{:>12} MiB more in memory at a peak, {} after it", peak / MIB, after / MIB);
    expect(peak > 900 * MIB - LIMIT && after <= LIMIT + MIB, "memory does not come back after a peak".into())
}

pub(crate) fn measured() -> Result<(), Box<dyn Error>> {
    if !cfg!(target_os = "linux") {
        println!("\npages are measured on Linux alone");
        return Ok(());
    }
    let limit = gradcore::memory::limit();
    gradcore::memory::set_limit(1 << 30);
    steady_states()?;
    after_a_peak()?;
    gradcore::memory::set_limit(limit);
    Ok(())
}
