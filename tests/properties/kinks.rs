//! At kinks, zeros and infinities, whatever way leads to a derivative gives the same one.

use functional::{grad, jvp};
use gradcore::prelude::*;
use proptest::prelude::*;

type Vector = Tensor<f64>;

const WIDTH: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Step {
    kind: usize,
    left: usize,
    right: usize,
}

type Operation = fn(&Vector, &Vector) -> Vector;

const OPERATIONS: [(&str, Operation); 16] = [
    ("where", |x, y| tf::where_(tf::greater(x, 0.0), x, y)),
    ("guarded log", |x, _| tf::where_(tf::greater(x, 0.0), tf::log(x), 0.0)),
    ("guarded quotient", |x, y| tf::where_(tf::not_equal(y, 0.0), x / y, 0.0)),
    ("guarded root", |x, _| tf::where_(tf::greater(x, 0.0), tf::sqrt(x), 0.0)),
    ("relu", |x, _| tf::nn::relu(x)),
    ("elu", |x, _| tf::nn::elu(x)),
    ("abs", |x, _| tf::abs(x)),
    ("sign", |x, _| tf::sign(x)),
    ("maximum", |x, y| tf::maximum(x, y)),
    ("minimum", |x, y| tf::minimum(x, y)),
    ("clip", |x, _| tf::clip_by_value(x, -1.0, 1.0)),
    ("sum", |x, y| x + y),
    ("difference", |x, y| x - y),
    ("product", |x, y| x * y),
    ("greatest", |x, y| x + tf::reduce_max(y, ..)),
    ("swapped", |x, _| -tf::gather(x, [3i64, 1, 0, 2], ..)),
];

fn program() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..OPERATIONS.len(), any::<usize>(), any::<usize>());
    prop::collection::vec(step.prop_map(|(kind, left, right)| Step { kind, left, right }), 1..8)
}

fn input() -> impl Strategy<Value = Vec<f64>> {
    let numbers = [0.0, 0.0, 1.0, -1.0, 0.5, -2.0, 1000.0, -1000.0, f64::INFINITY, f64::NEG_INFINITY];
    prop::collection::vec(proptest::sample::select(numbers.to_vec()), WIDTH)
}

fn run(program: &[Step], x: &Vector) -> Vector {
    let mut tensors = vec![x.clone()];
    for Step { kind, left, right } in program {
        let (x, y) = (&tensors[left % tensors.len()], &tensors[right % tensors.len()]);
        tensors.push((OPERATIONS[*kind].1)(x, y));
    }
    tf::reduce_sum(tensors.last().expect("there is an input"), ..)
}

/// The gradient by tapes, by functions, recomputed, and element by element in forward mode.
fn in_all_modes(program: &[Step], x: &Vector) -> Result<Vec<(&'static str, Vec<f64>)>, Error> {
    let zero = || unconnected_gradients(UnconnectedGradients::Zero);
    let once = GradientTape::new();
    once.watch(x);
    let once = once.gradient_with(run(program, x), x, zero())?;
    let persistent = GradientTape::persistent();
    persistent.watch(x);
    let persistent_gradient = persistent.gradient_with(run(program, x), x, zero())?;
    drop(persistent);
    let steps = program.to_vec();
    let recomputed = tf::recompute_grad(move |x: &Vector| run(&steps, x));
    let mut columns = Vec::new();
    for place in 0..WIDTH {
        let unit: Vec<f64> = (0..WIDTH).map(|k| if k == place { 1.0 } else { 0.0 }).collect();
        columns.push(jvp(|x| run(program, x), x, Tensor::from_vec(&[WIDTH], unit)?)?.1.item());
    }
    Ok(vec![
        ("one-shot tape", once.to_vec()),
        ("persistent tape", persistent_gradient.to_vec()),
        ("functional", grad(|x| run(program, x), x)?.to_vec()),
        ("recomputed", grad(recomputed, x)?.to_vec()),
        ("forward", columns),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_modes_agree_at_kinks_zeros_and_infinities(program in program(), x in input()) {
        let found = in_all_modes(&program, &tf::constant(x.clone()))?;
        let (_, in_once) = &found[0];
        for (mode, gradient) in &found[1..] {
            for (found, expected) in gradient.iter().zip(in_once) {
                let is_same = (!found.is_finite() && !expected.is_finite())
                    || (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                let names: Vec<&str> = program.iter().map(|step| OPERATIONS[step.kind].0).collect();
                prop_assert!(is_same, "{mode}: {gradient:?}, not {:?} at {x:?} of {names:?} {program:?}", &in_once);
            }
        }
    }
}
