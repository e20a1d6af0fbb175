//! The best that a person would write: plain loops into buffers that are used again, compiled for the best instruction set
//! of the machine, shared among threads where they are long; products by `gemm`.

#![allow(clippy::inline_always, reason = "a function that is left as a call keeps a loop from being one of vectors")]

use std::hint::black_box;

use gemm::Parallelism;
use pulp::Arch;
use rayon::prelude::*;

use super::polynomials::{exp, ln, tanh};
use crate::serve::{Ready, Seen};
use crate::work::{self, BATCH, BETAS, CHAIN, DENSE, EPSILON, LEARNING_RATE, LOGITS, SIGNS, TANH, X_OF_CHAIN};

pub(crate) fn prepare(work: &str, size: usize) -> Option<Ready> {
    match work {
        "leaky_relu" => Some(function(size, leaky_relu, |x, dy| if x > 0.0 { dy } else { 0.2 * dy })),
        "log1pexp" => Some(function(size, |x| ln(1.0 + exp(x)), |x, dy| dy * (1.0 - 1.0 / (1.0 + exp(x))))),
        "gelu" => Some(function(size, |x| 0.5 * x * (1.0 + tanh(bent(x))), gelu_gradient)),
        "sum_leaky_relu" => Some(sum(size)),
        "chain" => Some(chain()),
        "dense" => Some(dense()),
        "cross_entropy" => Some(cross_entropy()),
        "signs" => Some(signs()),
        "hvp" => Some(hvp()),
        _ => None,
    }
}

#[inline(always)]
fn leaky_relu(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.2 * x }
}

#[inline(always)]
fn bent(x: f32) -> f32 {
    0.797_884_6 * (x + 0.044_715 * x * x * x)
}

#[inline(always)]
fn gelu_gradient(x: f32, dy: f32) -> f32 {
    let t = tanh(bent(x));
    let slope = 0.797_884_6 * (1.0 + 3.0 * 0.044_715 * x * x);
    dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope)
}

/// From this many elements on, threads share a loop, each this many at a time.
const SHARE: usize = 1 << 16;

fn is_shared(size: usize) -> bool {
    size >= 4 * SHARE && rayon::current_num_threads() > 1
}

/// y ← f(x)
#[inline(always)]
fn map(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32 + Copy + Sync) {
    let run = |x: &[f32], y: &mut [f32]| Arch::new().dispatch(|| x.iter().zip(y).for_each(|(x, y)| *y = f(*x)));
    match is_shared(x.len()) {
        true => x.par_chunks(SHARE).zip(y.par_chunks_mut(SHARE)).for_each(|(x, y)| run(x, y)),
        false => run(x, y),
    }
}

/// z ← f(x, y)
#[inline(always)]
fn map_both(x: &[f32], y: &[f32], z: &mut [f32], f: impl Fn(f32, f32) -> f32 + Copy + Sync) {
    let run = |x: &[f32], y: &[f32], z: &mut [f32]| {
        Arch::new().dispatch(|| x.iter().zip(y).zip(z).for_each(|((x, y), z)| *z = f(*x, *y)));
    };
    match is_shared(x.len()) {
        true => {
            let parts = x.par_chunks(SHARE).zip(y.par_chunks(SHARE)).zip(z.par_chunks_mut(SHARE));
            parts.for_each(|((x, y), z)| run(x, y, z));
        }
        false => run(x, y, z),
    }
}

/// The sum of f(x), in sixteen running sums for each block.
#[inline(always)]
fn sum_of(x: &[f32], f: impl Fn(f32) -> f32 + Copy + Sync) -> f32 {
    let block = |x: &[f32]| {
        Arch::new().dispatch(|| {
            let mut sums = [0.0f32; 16];
            let (parts, rest) = x.as_chunks::<16>();
            parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += f(*x)));
            sums.iter().sum::<f32>() + rest.iter().map(|&x| f(x)).sum::<f32>()
        })
    };
    match is_shared(x.len()) {
        true => x.par_chunks(SHARE).map(|x| x.chunks(4096).map(block).sum::<f32>()).sum(),
        false => x.chunks(4096).map(block).sum(),
    }
}

fn function(
    size: usize,
    f: impl Fn(f32) -> f32 + Copy + Sync + 'static,
    gradient: impl Fn(f32, f32) -> f32 + Copy + Sync + 'static,
) -> Ready {
    let (x, dy, mut y, mut dx) = (work::x(size), vec![1.0; size], vec![0.0; size], vec![0.0; size]);
    Box::new(move |seen| {
        map(black_box(&x), black_box(&mut y), f);
        map_both(black_box(&x), black_box(&dy), black_box(&mut dx), gradient);
        see(seen, &[&y, &dx]);
    })
}

fn see(seen: Option<&mut Seen>, results: &[&[f32]]) {
    if let Some(seen) = seen {
        results.iter().for_each(|result| seen.result(result));
    }
}

fn sum(size: usize) -> Ready {
    let (x, mut dx) = (work::x(size), vec![0.0; size]);
    Box::new(move |seen| {
        let y = black_box(sum_of(black_box(&x), leaky_relu));
        map(black_box(&x), black_box(&mut dx), |x| if x > 0.0 { 1.0 } else { 0.2 });
        see(seen, &[&[y], &dx]);
    })
}

fn chain() -> Ready {
    let mut kept = vec![0.0; CHAIN];
    Box::new(move |seen| {
        let x = black_box(X_OF_CHAIN);
        let mut y = x;
        for (k, kept) in kept.iter_mut().enumerate() {
            *kept = y;
            y = if k % 2 == 0 { y * x } else { y + x };
        }
        let (mut dy, mut dx) = (1.0, 0.0);
        for (k, kept) in black_box(&kept).iter().enumerate().rev() {
            dx += if k % 2 == 0 { dy * kept } else { dy };
            dy *= if k % 2 == 0 { x } else { 1.0 };
        }
        see(seen, &[&[y], &[black_box(dx + dy)]]);
    })
}

/// A matrix, as rows or transposed.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    row: isize,
    column: isize,
}

fn rows(values: &[f32], columns: usize) -> Matrix<'_> {
    Matrix { values, row: columns.cast_signed(), column: 1 }
}

fn transposed(values: &[f32], columns: usize) -> Matrix<'_> {
    Matrix { values, row: 1, column: columns.cast_signed() }
}

/// `c` ← `add` · `c` + `a` · `b`
fn product(c: &mut [f32], [m, k, n]: [usize; 3], a: Matrix<'_>, b: Matrix<'_>, add: bool) {
    assert!(a.values.len() >= m * k && b.values.len() >= k * n && c.len() >= m * n);
    let threads = rayon::current_num_threads();
    let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
    // SAFETY: each matrix has as many values as its sizes and strides reach.
    unsafe {
        let (dst, lhs, rhs) = (c.as_mut_ptr(), a.values.as_ptr(), b.values.as_ptr());
        let (rows_of_c, no) = (n.cast_signed(), false);
        gemm::gemm(
            m,
            n,
            k,
            dst,
            1,
            rows_of_c,
            add,
            lhs,
            a.column,
            a.row,
            rhs,
            b.column,
            b.row,
            1.0,
            1.0,
            no,
            no,
            no,
            parallelism,
        );
    }
}

/// Each row of y plus the biases.
#[inline(always)]
fn add_bias(y: &mut [f32], biases: &[f32], f: impl Fn(f32) -> f32 + Copy) {
    Arch::new().dispatch(|| {
        y.chunks_mut(biases.len()).for_each(|y| y.iter_mut().zip(biases).for_each(|(y, bias)| *y = f(*y + bias)));
    });
}

fn sum_rows(y: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    Arch::new().dispatch(|| {
        y.chunks(sums.len()).for_each(|y| sums.iter_mut().zip(y).for_each(|(sum, y)| *sum += y));
    });
}

fn dense() -> Ready {
    let [m, k, n] = DENSE;
    let [x, w, b] = work::dense();
    let dy = vec![1.0; m * n];
    let [mut y, mut dz] = [(); 2].map(|()| vec![0.0; m * n]);
    let (mut dx, mut dw, mut db) = (vec![0.0; m * k], vec![0.0; k * n], vec![0.0; n]);
    Box::new(move |seen| {
        product(&mut y, [m, k, n], rows(&x, k), rows(&w, n), false);
        add_bias(&mut y, &b, |y| y.max(0.0));
        map_both(&y, black_box(&dy), &mut dz, |y, dy| if y > 0.0 { dy } else { 0.0 });
        product(&mut dx, [m, n, k], rows(&dz, n), transposed(&w, n), false);
        product(&mut dw, [k, m, n], transposed(&x, k), rows(&dz, n), false);
        sum_rows(&dz, &mut db);
        see(seen, &[&y, &dx, &dw, &db].map(Vec::as_slice));
    })
}

/// The mean of the cross-entropy, and its gradient, row by row.
fn softmax_cross_entropy(logits: &[f32], labels: &[i64], gradient: &mut [f32]) -> f32 {
    let (classes, share) = (logits.len() / labels.len(), 1.0 / labels.len() as f32);
    let row = |((x, dx), &label): ((&[f32], &mut [f32]), &i64)| {
        Arch::new().dispatch(|| {
            let mut largest = [f32::NEG_INFINITY; 16];
            let (parts, rest) = x.as_chunks::<16>();
            let larger = |a: f32, b: f32| if b > a { b } else { a };
            parts.iter().for_each(|part| largest.iter_mut().zip(part).for_each(|(most, x)| *most = larger(*most, *x)));
            let largest = largest.into_iter().chain(rest.iter().copied()).fold(f32::NEG_INFINITY, larger);
            x.iter().zip(&mut *dx).for_each(|(x, dx)| *dx = exp(x - largest));
            let mut sums = [0.0f32; 16];
            let (parts, rest) = dx.as_chunks::<16>();
            parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, e)| *sum += e));
            let sum = sums.iter().chain(rest).sum::<f32>();
            dx.iter_mut().for_each(|dx| *dx *= share / sum);
            dx[label as usize] -= share;
            largest + sum.ln() - x[label as usize]
        })
    };
    let sum = match is_shared(logits.len()) {
        true => logits.par_chunks(classes).zip(gradient.par_chunks_mut(classes)).zip(labels).map(row).sum::<f32>(),
        false => logits.chunks(classes).zip(gradient.chunks_mut(classes)).zip(labels).map(row).sum::<f32>(),
    };
    sum * share
}

fn cross_entropy() -> Ready {
    let (x, labels) = (work::logits(), work::labels(LOGITS[0], LOGITS[1]));
    let mut dx = vec![0.0; x.len()];
    Box::new(move |seen| {
        let loss = black_box(softmax_cross_entropy(black_box(&x), &labels, &mut dx));
        see(seen, &[&[loss], &dx]);
    })
}

/// A parameter, its gradient and what Adam keeps of it.
struct Parameter {
    value: Vec<f32>,
    gradient: Vec<f32>,
    means: [Vec<f32>; 2],
}

impl Parameter {
    fn new(value: Vec<f32>) -> Self {
        let zeros = vec![0.0; value.len()];
        Parameter { value, gradient: zeros.clone(), means: [zeros.clone(), zeros] }
    }

    fn step(&mut self, rate: f32) {
        let [beta_1, beta_2] = BETAS;
        let [first, second] = &mut self.means;
        Arch::new().dispatch(|| {
            let means = first.iter_mut().zip(second);
            for ((value, gradient), (first, second)) in self.value.iter_mut().zip(&self.gradient).zip(means) {
                *first += (gradient - *first) * (1.0 - beta_1);
                *second += (gradient * gradient - *second) * (1.0 - beta_2);
                *value -= rate * *first / (second.sqrt() + EPSILON);
            }
        });
    }
}

/// A layer, what it gives, and the gradient of that.
struct Layer {
    weights: Parameter,
    biases: Parameter,
    /// Before the sign.
    sums: Vec<f32>,
    signs: Vec<f32>,
    gradient: Vec<f32>,
}

fn signs() -> Ready {
    let (images, labels) = (work::images(), work::labels(BATCH, 10));
    let layer = |[weights, biases]: [Vec<f32>; 2]| {
        let [sums, signs, gradient] = [(); 3].map(|()| vec![0.0; BATCH * biases.len()]);
        Layer { weights: Parameter::new(weights), biases: Parameter::new(biases), sums, signs, gradient }
    };
    let mut layers: Vec<Layer> = work::signs().into_iter().map(layer).collect();
    let mut steps = 0;
    Box::new(move |seen| {
        for k in 0..layers.len() {
            let (before, now) = layers.split_at_mut(k);
            let (x, layer, n) = (before.last().map_or(&images, |layer| &layer.signs), &mut now[0], SIGNS[k + 1]);
            let shape = [BATCH, SIGNS[k], n];
            product(&mut layer.sums, shape, rows(x, SIGNS[k]), rows(&layer.weights.value, n), false);
            add_bias(&mut layer.sums, &layer.biases.value, |y| y);
            map(&layer.sums, &mut layer.signs, |y| if y >= 0.0 { 1.0 } else { -1.0 });
        }
        let last = layers.last_mut().expect("a network has layers");
        let loss = softmax_cross_entropy(&last.sums, &labels, &mut last.gradient);
        for k in (0..layers.len()).rev() {
            let (before, now) = layers.split_at_mut(k);
            let (layer, [m, n]) = (&mut now[0], [SIGNS[k], SIGNS[k + 1]]);
            let x = before.last().map_or(&images, |layer| &layer.signs);
            let dy = rows(&layer.gradient, n);
            product(&mut layer.weights.gradient, [m, BATCH, n], transposed(x, m), dy, false);
            sum_rows(&layer.gradient, &mut layer.biases.gradient);
            if let Some(before) = before.last_mut() {
                product(&mut before.signs, [BATCH, n, m], dy, transposed(&layer.weights.value, n), false);
                let passes = |y: f32, dy| if y.abs() <= 1.0 { dy } else { 0.0 };
                map_both(&before.sums, &before.signs, &mut before.gradient, passes);
            }
        }
        steps += 1;
        let rate = LEARNING_RATE * (1.0 - BETAS[1].powi(steps)).sqrt() / (1.0 - BETAS[0].powi(steps));
        layers.iter_mut().flat_map(|layer| [&mut layer.weights, &mut layer.biases]).for_each(|it| it.step(rate));
        let weights = &layers[0].weights;
        see(seen, &[&[loss], &weights.gradient, &weights.value, &layers[2].biases.value]);
    })
}

/// Tangents are carried along with the backward pass.
fn hvp() -> Ready {
    let [inputs, hidden, outputs] = TANH;
    let x = work::images();
    let [[w1, w2], [v1, v2]] = work::tanh();
    let [mut h, mut a, mut dh, mut da, mut product_of_v] = [(); 5].map(|()| vec![0.0; BATCH * hidden]);
    let [mut o, mut tangent_of_o] = [(); 2].map(|()| vec![0.0; BATCH * outputs]);
    let (mut h1, mut h2) = (vec![0.0; inputs * hidden], vec![0.0; hidden * outputs]);
    Box::new(move |seen| {
        let (into_hidden, into_outputs) = ([BATCH, inputs, hidden], [BATCH, hidden, outputs]);
        product(&mut h, into_hidden, rows(&x, inputs), rows(&w1, hidden), false);
        map(&h, &mut a, tanh);
        product(&mut dh, into_hidden, rows(&x, inputs), rows(&v1, hidden), false);
        map_both(&a, &dh, &mut da, |a, dh| (1.0 - a * a) * dh);
        product(&mut o, into_outputs, rows(&a, hidden), rows(&w2, outputs), false);
        product(&mut tangent_of_o, into_outputs, rows(&da, hidden), rows(&w2, outputs), false);
        product(&mut tangent_of_o, into_outputs, rows(&a, hidden), rows(&v2, outputs), true);
        let share = 2.0 / o.len() as f32;
        o.iter_mut().chain(&mut tangent_of_o).for_each(|o| *o *= share);
        product(&mut h2, [hidden, BATCH, outputs], transposed(&da, hidden), rows(&o, outputs), false);
        product(&mut h2, [hidden, BATCH, outputs], transposed(&a, hidden), rows(&tangent_of_o, outputs), true);
        let back = [BATCH, outputs, hidden];
        product(&mut h, back, rows(&o, outputs), transposed(&w2, outputs), false);
        product(&mut product_of_v, back, rows(&tangent_of_o, outputs), transposed(&w2, outputs), false);
        product(&mut product_of_v, back, rows(&o, outputs), transposed(&v2, outputs), true);
        Arch::new().dispatch(|| {
            let places = product_of_v.iter_mut().zip(&h).zip(a.iter().zip(&da));
            places.for_each(|((t, g), (a, da))| *t = *t * (1.0 - a * a) - 2.0 * g * a * da);
        });
        product(&mut h1, [inputs, BATCH, hidden], transposed(&x, inputs), rows(&product_of_v, hidden), false);
        see(seen, &[&h1, &h2]);
    })
}
