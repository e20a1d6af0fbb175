//! Random programs of rules that users write: every option, nested, with captures, in lists, with several outputs.
//!
//! More of them, and beside TensorFlow, which has the same rules in `in_tensorflow.py`:
//!
//! ```text
//! PROGRAMS=100000 cargo test --release --locked --test properties random_programs
//! PROGRAMS=10000 PROGRAMS_FILE=/tmp/programs.json cargo test --release --locked --test properties random_programs
//! python tests/properties/in_tensorflow.py /tmp/programs.json
//! ```

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "small numbers, and parts of random ones"
)]

use std::fmt::Write as _;

use functional::{grad, hvp, jvp};
use gradcore::prelude::*;

type Vector = Tensor<f64>;

/// tanh x, which keeps its value.
#[custom_gradient]
fn squash(x: &Vector) -> Vector {
    let y = tf::tanh(x);
    let grad = |dy| dy * (1.0 - &y * &y);
    (&y, grad)
}

/// x / (1 + y²), with a `let` that only one gradient needs.
#[custom_gradient]
fn ratio(x: &Vector, y: &Vector) -> Vector {
    let below = 1.0 + y * y;
    let grad = |dz| {
        let slope = -2.0 * x * y / (&below * &below);
        (dz / &below, dz * slope)
    };
    (x / &below, grad)
}

/// tanh (x y), and x - y.
#[custom_gradient]
fn pair(x: &Vector, y: &Vector) -> (Vector, Vector) {
    let p = tf::tanh(x * y);
    let grad = |dp, dm| {
        let of_product = dp * (1.0 - &p * &p);
        (&of_product * y + dm, of_product * x - dm)
    };
    ((&p * 1.0, x - y), grad)
}

#[custom_gradient(elementwise)]
fn damped<T: Real>(x: T, y: T) -> T {
    let scale = T::ONE + y * y;
    (x / scale, |dz| (dz / scale, dz * T::of(-2.0) * x * y / (scale * scale)))
}

/// Huber's loss, with a branch at each exit.
#[custom_gradient(elementwise)]
fn huber<T: Real>(x: T) -> T {
    if x.abs() < T::ONE { (T::of(0.5) * x * x, |dy| dy * x) } else { (x.abs() - T::of(0.5), |dy| dy * x.signum()) }
}

/// x + the mean of y, whose shape is stretched.
#[custom_gradient(broadcast)]
fn shifted(x: &Vector, y: &Vector) -> Vector {
    (x + y, |dz| (dz, dz))
}

#[custom_gradient(recompute)]
fn softened(x: &Vector) -> Vector {
    let e = tf::exp(x * 0.5);
    let y = tf::log(&e + 1.0);
    (y, |dy| dy * 0.5 * &e / (&e + 1.0))
}

/// A rule that calls rules, and whose `grad` is an inner function that does.
#[custom_gradient]
fn nested(x: &Vector, y: &Vector) -> Vector {
    let inner = squash(x);
    let z = ratio(&inner, y);
    fn grad(dz: &Vector) -> (Vector, Vector) {
        let below = 1.0 + y * y;
        let slope = 1.0 - &inner * &inner;
        (dz * slope / &below, -2.0 * dz * &inner * y / (&below * &below))
    }
    (z, grad)
}

/// A second derivative by hand: the gradient is a rule of its own.
#[custom_gradient]
fn cosine(x: &Vector) -> Vector {
    let grad = |dy: &Vector| {
        #[custom_gradient(closure)]
        fn slope(x: &Vector, dy: &Vector) -> Vector {
            (dy * -tf::sin(x), |ddx| (ddx * dy * -tf::cos(x), ddx * -tf::sin(x)))
        }
        slope(x, dy)
    };
    (tf::cos(x), grad)
}

/// The mean of a list.
#[custom_gradient]
fn mean_of(xs: &[Vector]) -> Vector {
    let count = xs.len();
    let grad = |dy| vec![dy / count as f64; count];
    (tf::add_n(xs) / count as f64, grad)
}

/// x, damped where there is something to damp it.
#[custom_gradient]
fn maybe(x: &Vector, y: Option<&Vector>) -> Vector {
    match y {
        Some(y) => (tf::tanh(x + y), |dz| {
            let t = tf::tanh(x + y);
            let slope = dz * (1.0 - &t * &t);
            (slope.clone(), Some(slope))
        }),
        None => (x * 0.5, |dz| (dz * 0.5, None)),
    }
}

struct Layer {
    w: Variable<f64>,
}

impl Layer {
    #[custom_gradient(variables(self.w))]
    fn call(&self, x: &Vector) -> Vector {
        let y = tf::tanh(x * &self.w);
        let grad = |dy| {
            let inner = dy * (1.0 - &y * &y);
            (&inner * &self.w, inner * x)
        };
        (&y, grad)
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Squash,
    Ratio,
    Pair,
    Damped,
    Huber,
    Shifted,
    Softened,
    Nested,
    Cosine,
    MeanOf,
    Maybe,
    MaybeNot,
    Layer,
    Closure,
    Recomputed,
    Sum,
    Product,
    Chosen,
    Clipped,
    Root,
}

const KINDS: [Kind; 20] = [
    Kind::Squash,
    Kind::Ratio,
    Kind::Pair,
    Kind::Damped,
    Kind::Huber,
    Kind::Shifted,
    Kind::Softened,
    Kind::Nested,
    Kind::Cosine,
    Kind::MeanOf,
    Kind::Maybe,
    Kind::MaybeNot,
    Kind::Layer,
    Kind::Closure,
    Kind::Recomputed,
    Kind::Sum,
    Kind::Product,
    Kind::Chosen,
    Kind::Clipped,
    Kind::Root,
];

/// Numbers that follow from a seed (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// From -1.5 to 1.5.
    fn number(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 * 3.0 - 1.5
    }
}

const WIDTH: usize = 3;
const WEIGHTS: [f64; WIDTH] = [0.75, -0.5, 1.25];

struct Program {
    seed: u64,
    inputs: [Vector; 2],
    direction: [Vector; 2],
    steps: Vec<(Kind, usize, usize)>,
}

impl Program {
    fn of(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut vector = || tf::constant([(); WIDTH].map(|()| numbers.number()));
        let (inputs, direction) = ([vector(), vector()], [vector(), vector()]);
        let count = 1 + numbers.below(8);
        let step = |place: usize| {
            let mut earlier = || numbers.below(place + 2);
            let (left, right) = (earlier(), earlier());
            (KINDS[numbers.below(KINDS.len())], left, right)
        };
        Program { seed, inputs, direction, steps: (0..count).map(step).collect() }
    }

    fn run(&self, inputs: [&Vector; 2]) -> Vector {
        self.run_and_see(inputs, |_, _, _| {})
    }

    /// As [`run`](Self::run), and shows the operands of each step.
    fn run_and_see(&self, inputs: [&Vector; 2], mut see: impl FnMut(Kind, &Vector, &Vector)) -> Vector {
        let layer = Layer { w: Variable::new(WEIGHTS).trainable(false) };
        let scale = 0.75;
        #[custom_gradient(closure)]
        fn scaled(x: &Vector) -> Vector {
            (x * scale, |dy| dy * scale)
        }
        let mut tensors: Vec<Vector> = inputs.into_iter().cloned().collect();
        for &(kind, left, right) in &self.steps {
            let (x, y) = (&tensors[left], &tensors[right]);
            see(kind, x, y);
            let z = match kind {
                Kind::Squash => squash(x),
                Kind::Ratio => ratio(x, y),
                Kind::Pair => {
                    let (product, difference) = pair(x, y);
                    product + difference * 0.25
                }
                Kind::Damped => damped(x, y),
                Kind::Huber => huber(x),
                Kind::Shifted => shifted(&(x * 0.5), &(tf::reduce_mean(y, ..) * 0.5)),
                Kind::Softened => softened(x),
                Kind::Nested => nested(x, y),
                Kind::Cosine => cosine(x),
                Kind::MeanOf => mean_of(&[x.clone(), y.clone(), x.clone()]),
                Kind::Maybe => maybe(x, Some(y)),
                Kind::MaybeNot => maybe(x, None),
                Kind::Layer => layer.call(x),
                Kind::Closure => scaled(x),
                Kind::Recomputed => tf::recompute_grad(|x: &Vector, y: &Vector| squash(&(ratio(x, y) + y)))(x, y),
                Kind::Sum => (x + y) * 0.5,
                Kind::Product => tf::tanh(x * y),
                Kind::Chosen => tf::where_(tf::greater(x, y), x * 0.5, tf::sin(y)),
                Kind::Clipped => tf::clip_by_value(x, -0.9, 0.8),
                Kind::Root => tf::sqrt(x * x + 1.0) - 1.0,
            };
            tensors.push(z);
        }
        let last = tensors.last().expect("there are inputs");
        tf::reduce_sum(tf::square(last) + last * 0.5, ..)
    }
}

/// The value, the gradients, and by how much they change along a direction.
struct Found {
    value: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

fn found(program: &Program) -> Result<Found, Error> {
    let [x, y] = &program.inputs;
    let f = |(x, y): (&Vector, &Vector)| program.run([x, y]);
    let (dx, dy) = grad(f, (x, y))?;
    let [vx, vy] = &program.direction;
    let (hx, hy) = hvp(f, (x, y), (vx, vy))?;
    Ok(Found {
        value: f((x, y)).item(),
        first: [dx.to_vec(), dy.to_vec()].concat(),
        second: [hx.to_vec(), hy.to_vec()].concat(),
    })
}

/// Whether a program has a kink so near that differences say nothing: their one-sided slopes differ.
fn differences(program: &Program) -> Option<f64> {
    let along = |step: f64| {
        let moved = |k: usize| &program.inputs[k] + &program.direction[k] * step;
        program.run([&moved(0), &moved(1)]).item()
    };
    // Of numbers that are equal but for rounding, a step takes now this and now that.
    let mut nearest = f64::INFINITY;
    program.run_and_see(program.inputs.each_ref(), |kind, x, y| {
        if let Kind::Chosen = kind {
            nearest = tf::reduce_min(tf::abs(x - y), ..).item().min(nearest);
        }
    });
    if nearest < 1e-3 {
        return None;
    }
    let slope = |step: f64| (along(step) - along(-step)) / (2.0 * step);
    let (wide, narrow) = (slope(1e-4), slope(5e-5));
    // Richardson's extrapolation; what does not converge has a kink.
    let is_smooth = (wide - narrow).abs() <= 1e-6 * narrow.abs().max(1.0);
    is_smooth.then(|| (4.0 * narrow - wide) / 3.0)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[track_caller]
fn agree(what: &str, program: &Program, found: f64, expected: f64, tolerance: f64) {
    let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(is_close, "{what} of program {}: {found}, not {expected}: {:?}", program.seed, program.steps);
}

#[test]
fn random_programs_of_rules_agree_with_differences_and_in_all_modes() -> Result<(), Error> {
    let count = std::env::var("PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or(if cfg!(miri) {
        2
    } else {
        2000
    });
    let (mut smooth, mut text) = (0, String::new());
    for seed in 0..count {
        let program = Program::of(seed);
        let Found { value, first, second } = found(&program)?;
        let direction = [program.direction[0].to_vec(), program.direction[1].to_vec()].concat();
        let [x, y] = &program.inputs;
        let [vx, vy] = &program.direction;

        let (_, tangent) = jvp(|(x, y)| program.run([x, y]), (x, y), (vx, vy))?;
        agree("the tangent", &program, tangent.item(), dot(&first, &direction), 1e-10);
        let tape = GradientTape::persistent();
        tape.watch((x, y));
        let (dx, dy) =
            tape.gradient_with(program.run([x, y]), (x, y), unconnected_gradients(UnconnectedGradients::Zero))?;
        assert_eq!([dx.to_vec(), dy.to_vec()].concat(), first, "program {seed}");
        let along = |(x, y): (&Vector, &Vector)| -> Result<Vector, Error> {
            let (dx, dy) = grad(|(x, y)| program.run([x, y]), (x, y))?;
            Ok(tf::reduce_sum(dx * vx + dy * vy, ..))
        };
        let (hx, hy) = grad(along, (x, y))?;
        let reverse = [hx.to_vec(), hy.to_vec()].concat();
        reverse.iter().zip(&second).for_each(|(reverse, forward)| {
            agree("the second derivative", &program, *forward, *reverse, 1e-9);
        });
        if let Some(slope) = differences(&program) {
            smooth += 1;
            agree("the slope", &program, dot(&first, &direction), slope, 1e-6);
        }
        let numbers = |values: &[f64]| format!("{values:?}");
        let steps: Vec<String> = program.steps.iter().map(|(kind, l, r)| format!("[\"{kind:?}\", {l}, {r}]")).collect();
        let _ = writeln!(
            text,
            "{{\"seed\": {seed}, \"x\": {:?}, \"y\": {:?}, \"v\": {}, \"steps\": [{}], \"value\": {value:?}, \"first\": {}, \"second\": {}}}",
            x.to_vec(),
            y.to_vec(),
            numbers(&direction),
            steps.join(", "),
            numbers(&first),
            numbers(&second),
        );
    }
    println!("{count} programs, {smooth} of them smooth enough for differences");
    assert!(smooth * 2 > count);
    if let Ok(path) = std::env::var("PROGRAMS_FILE") {
        std::fs::write(path, text).expect("the file can be written");
    }
    Ok(())
}
