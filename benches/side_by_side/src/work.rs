//! The work, and the numbers that it begins with.

/// Something that every system computes.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// How many elements; a work whose sizes are in its title has one.
    pub(crate) sizes: &'static [usize],
    /// Bytes that the loops by hand read and write for an element, where they do nothing else.
    pub(crate) bytes: Option<usize>,
}

const SIZES: &[usize] = &[1, 1_000, 100_000, 1_000_000, 16_000_000];
/// For `x` read, `y` written; `x` and `dy` read, `dx` written.
const FIVE_PASSES: Option<usize> = Some(20);
/// For `x` read; `x` read, `dx` written.
const THREE_PASSES: Option<usize> = Some(12);

pub(crate) const WORKS: [Work; 9] = [
    Work { name: "leaky_relu", title: "leaky_relu, forward and gradient", sizes: SIZES, bytes: FIVE_PASSES },
    Work { name: "log1pexp", title: "log1pexp, forward and gradient", sizes: SIZES, bytes: FIVE_PASSES },
    Work { name: "gelu", title: "gelu by tanh, forward and gradient", sizes: SIZES, bytes: FIVE_PASSES },
    Work { name: "sum_leaky_relu", title: "sum of leaky_relu, and gradient", sizes: &[1_000_000], bytes: THREE_PASSES },
    Work { name: "chain", title: "10 000 operations on scalars, and gradient", sizes: &[10_000], bytes: None },
    Work { name: "dense", title: "relu(x·w + b), 256×512×512, and three gradients", sizes: &[131_072], bytes: None },
    Work {
        name: "cross_entropy",
        title: "softmax cross-entropy 512×1000, and gradient",
        sizes: &[512_000],
        bytes: None,
    },
    Work {
        name: "signs",
        title: "a step of a 784-512-256-10 network of signs, batch 128, Adam",
        sizes: &[128],
        bytes: None,
    },
    Work {
        name: "hvp", title: "Hessian-vector product of a tanh network 128×784×512×10", sizes: &[128], bytes: None
    },
];

/// Rows, columns and outputs of `dense`.
pub(crate) const DENSE: [usize; 3] = [256, 512, 512];
pub(crate) const LOGITS: [usize; 2] = [512, 1000];
pub(crate) const BATCH: usize = 128;
pub(crate) const SIGNS: [usize; 4] = [784, 512, 256, 10];
pub(crate) const TANH: [usize; 3] = [784, 512, 10];
pub(crate) const CHAIN: usize = 10_000;
pub(crate) const X_OF_CHAIN: f32 = 0.9999;
pub(crate) const LEARNING_RATE: f32 = 1e-3;
pub(crate) const BETAS: [f32; 2] = [0.9, 0.999];
pub(crate) const EPSILON: f32 = 1e-7;

/// Numbers between ±scale that look random and are the same in every language: the finalizer of MurmurHash3 over
/// positions.
pub(crate) fn values(size: usize, seed: u32, scale: f64) -> Vec<f32> {
    let value = |position: usize| {
        let mut hash = (position as u32).wrapping_add(seed.wrapping_mul(0x9e37_79b9));
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^= hash >> 16;
        ((f64::from(hash) / f64::from(1u32 << 31) - 1.0) * scale) as f32
    };
    (0..size).map(value).collect()
}

/// The labels of a batch.
pub(crate) fn labels(size: usize, classes: usize) -> Vec<i64> {
    (0..size).map(|row| (row * 7 % classes) as i64).collect()
}

/// Inputs of an element-wise function.
pub(crate) fn x(size: usize) -> Vec<f32> {
    values(size, 1, 3.0)
}

/// Inputs, weights and biases of `dense`.
pub(crate) fn dense() -> [Vec<f32>; 3] {
    let [rows, inputs, outputs] = DENSE;
    [values(rows * inputs, 1, 1.0), values(inputs * outputs, 2, 0.1), values(outputs, 3, 0.1)]
}

pub(crate) fn logits() -> Vec<f32> {
    values(LOGITS[0] * LOGITS[1], 1, 3.0)
}

/// Weights and biases of each layer of the network of signs.
pub(crate) fn signs() -> Vec<[Vec<f32>; 2]> {
    let layer = |(k, widths): (usize, &[usize])| {
        let weights = values(widths[0] * widths[1], 2 + k as u32, (3.0 / widths[0] as f64).sqrt());
        [weights, vec![0.0; widths[1]]]
    };
    SIGNS.windows(2).enumerate().map(layer).collect()
}

/// The weights of both layers of the tanh network, and a direction for each.
pub(crate) fn tanh() -> [[Vec<f32>; 2]; 2] {
    let [inputs, hidden, outputs] = TANH;
    let pair = |seed, scale| [values(inputs * hidden, seed, scale), values(hidden * outputs, seed + 1, scale)];
    [pair(2, 0.05), pair(4, 1.0)]
}

/// Images of a batch.
pub(crate) fn images() -> Vec<f32> {
    values(BATCH * 784, 1, 1.0)
}
