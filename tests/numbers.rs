//! What `docs/numbers.md` says of numbers, sentence by sentence.

#![allow(clippy::float_cmp, reason = "the numbers are the same bit for bit")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Command;

use gradcore::prelude::*;

/// A number that stands for every bit of some tensors.
fn fingerprint<'t, T: Real>(tensors: impl IntoIterator<Item = &'t Tensor<T>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for tensor in tensors {
        tensor.shape().hash(&mut hasher);
        tensor.to_vec().into_iter().for_each(|value| value.to_f64().to_bits().hash(&mut hasher));
    }
    hasher.finish()
}

/// A network with everything in it that could differ: products, bias, softplus, softmax, dropout, two optimizers.
fn trained(steps: usize) -> Vec<Tensor> {
    tf::random::set_seed(5);
    let x: Tensor = tf::random::normal([128, 160], ..);
    let labels = tf::constant((0..128).map(|k| k % 10).collect::<Vec<i32>>());
    let mut first: Variable = Variable::new(tf::random::normal([160, 200], stddev(0.1)));
    let mut bias: Variable = Variable::new(tf::zeros([200]));
    let mut second: Variable = Variable::new(tf::random::normal([200, 10], stddev(0.1)));
    let (mut adam, mut sgd) = (optimizers::Adam::new(0.01), optimizers::Sgd::new(0.1));
    for _ in 0..steps {
        let tape = GradientTape::new();
        let hidden = tf::nn::softplus(tf::matmul(&x, &first, ..) + &bias);
        let noise: Tensor = tf::random::uniform(hidden.shape(), ..);
        let dropped = tf::where_(tf::greater(noise, 0.2), hidden, 0.0);
        let logits = tf::matmul(dropped, &second, ..);
        let loss = tf::reduce_mean(tf::nn::sparse_softmax_cross_entropy_with_logits(&labels, logits), ..);
        let (of_first, of_bias, of_second) = tape.gradient(&loss, (&first, &bias, &second)).expect("gradients");
        adam.apply_gradients([(of_first, &mut first), (of_second, &mut second)]).expect("a step");
        sgd.apply_gradients([(of_bias, &mut bias)]).expect("a step");
    }
    vec![first.value(), bias.value(), second.value()]
}

#[test]
fn a_training_run_repeats_itself() {
    assert_eq!(fingerprint(&trained(3)), fingerprint(&trained(3)));
    assert_ne!(fingerprint(&trained(3)), fingerprint(&trained(2)));
}

#[test]
fn another_process_gives_the_same_bits() {
    const AGAIN: &str = "PRINT_THE_FINGERPRINT";
    let own = fingerprint(&trained(2));
    if std::env::var_os(AGAIN).is_some() {
        println!("fingerprint {own}");
        return;
    }
    for threads in ["1", "2", "8"] {
        let run = Command::new(std::env::current_exe().expect("the path of this program"))
            .args(["--exact", "another_process_gives_the_same_bits", "--nocapture"])
            .env(AGAIN, "1")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .expect("this program runs again");
        let printed = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(printed.contains(&format!("fingerprint {own}")), "{threads} threads: {printed}, not {own}");
    }
}

#[custom_gradient(elementwise)]
fn bent(x: f32, w: f32) -> f32 {
    let y = (x * w).tanh() + x / 3.0;
    (y, |dy| (dy * (w + 1.0 / 3.0), dy * x))
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let of_threads = |count: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("a pool of threads");
        pool.install(|| {
            let x: Tensor = tf::random::normal([600, 501], seed(1));
            let w: Tensor = tf::random::normal([501], seed(2));
            let tape = GradientTape::new();
            tape.watch((&x, &w));
            let y = bent(&x, &w);
            let z = tf::matmul(&y, &x, transpose_b(true));
            let sums = tf::reduce_sum(&z, 0) + tf::reduce_sum(tf::nn::softmax(&z, ..), 1);
            let (of_x, of_w) = tape.gradient(&sums, (&x, &w)).expect("gradients");
            fingerprint(&[y, z, sums, of_x, of_w])
        })
    };
    let one = of_threads(1);
    for count in [2, 3, 8] {
        assert_eq!(of_threads(count), one, "{count} threads");
    }
}

/// Elementary functions, in the dtype of a generic rule.
#[custom_gradient(elementwise)]
fn many_functions<T: Real>(x: T) -> T {
    let y = x.tanh() + x.sigmoid().ln() + x.abs().powf(0.7).exp_m1() + x.softplus().rsqrt();
    (y + x.sin() * x.erf() + x.abs().ln_1p() - x.erfc(), |dy| dy * x.exp() * x.cos() + x.tan())
}

/// Operations that compute each element from its own place, and sums.
fn of_elements<T: Real>() -> u64 {
    type Function<T> = fn(&Tensor<T>) -> Tensor<T>;
    // Where nothing is optimised it would take minutes; the check of the project runs it optimised as well.
    let rows = if cfg!(debug_assertions) { 30 } else { 300 };
    let x: Tensor<T> = tf::random::normal([rows, 1001], stddev(9.0).seed(3));
    let row: Tensor<T> = tf::random::normal([1001], seed(4));
    let functions: [Function<T>; 10] = [
        |x| tf::exp(x),
        |x| tf::log(tf::abs(x)),
        |x| tf::tanh(x),
        |x| tf::sigmoid(x),
        |x| tf::nn::softplus(x),
        |x| tf::sin(x),
        |x| tf::tan(x),
        |x| tf::pow(tf::abs(x), x),
        |x| tf::nn::softmax(x, ..),
        many_functions,
    ];
    let mut results: Vec<Tensor<T>> = functions.iter().map(|function| function(&x)).collect();
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = many_functions(&x);
    results.push(tape.gradient(&y, &x).expect("a gradient"));
    results.push(tf::where_(tf::greater(&x, &row), &x * &row, &x / &row));
    results.extend([tf::reduce_sum(&x, ..), tf::reduce_sum(&x, 0), tf::reduce_sum(&x, 1), tf::reduce_max(&x, 0)]);
    fingerprint(&results)
}

#[test]
fn the_instruction_set_changes_nothing() {
    const AGAIN: &str = "PRINT_WHAT_ELEMENTS_GIVE";
    if std::env::var_os(AGAIN).is_some() {
        println!("fingerprints {} {}", of_elements::<f32>(), of_elements::<f64>());
        return;
    }
    let with = |instruction_set: &str, threads: &str| {
        let run = Command::new(std::env::current_exe().expect("the path of this program"))
            .args(["--exact", "the_instruction_set_changes_nothing", "--nocapture"])
            .env(AGAIN, "1")
            .env("GRADCORE_INSTRUCTION_SET", instruction_set)
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .expect("this program runs again");
        let printed = String::from_utf8_lossy(&run.stdout).into_owned();
        let fingerprints = printed.lines().find_map(|line| Some(line.split_once("fingerprints ")?.1.to_owned()));
        fingerprints.unwrap_or_else(|| panic!("no fingerprints: {printed} {}", String::from_utf8_lossy(&run.stderr)))
    };
    let best = with("", "2");
    for (instruction_set, threads) in [("avx2", "1"), ("baseline", "8")] {
        assert_eq!(with(instruction_set, threads), best, "{instruction_set} with {threads} threads");
    }
}

/// 1/3 · 3 - 1 is 0 if the product is rounded, and 2⁻²⁵ or so if not.
#[custom_gradient(elementwise)]
fn remainder(x: f32, y: f32) -> f32 {
    (x * y - 1.0, |dy| (dy * y - dy, dy * x - dy))
}

#[test]
fn nothing_is_fused_that_is_not_written_so() {
    let x: Tensor = tf::random::uniform([5000], minval(0.5).seed(1));
    let y = tf::constant(1.0) / &x;
    let found = remainder(&x, &y).to_vec();
    let by_hand = x.to_vec().into_iter().zip(y.to_vec());
    let rounded: Vec<f32> = by_hand.clone().map(|(x, y)| std::hint::black_box(x * y) - 1.0).collect();
    assert_eq!(found, rounded);
    assert_eq!((&x * &y - 1.0).to_vec(), rounded);
    let fused: Vec<f32> = by_hand.map(|(x, y)| x.mul_add(y, -1.0)).collect();
    assert_ne!(found, fused, "the numbers tell the two apart");
}

#[test]
fn the_kind_of_a_tape_changes_nothing() -> Result<(), Error> {
    let (x, w): (Tensor, Tensor) = (tf::random::normal([7, 5], seed(1)), tf::random::normal([5, 3], seed(2)));
    let f = || tf::reduce_sum(tf::nn::softmax(tf::tanh(tf::matmul(&x, &w, ..)), ..) * tf::matmul(&x, &w, ..), 1);
    let one = GradientTape::new();
    one.watch((&x, &w));
    let y = f();
    let (of_x, of_w) = one.gradient(&y, (&x, &w))?;
    let expected = fingerprint(&[of_x, of_w]);
    let (outer, many) = (GradientTape::new(), GradientTape::persistent());
    outer.watch((&x, &w));
    many.watch((&x, &w));
    let y = f();
    for _ in 0..2 {
        let (of_x, of_w) = many.gradient(&y, (&x, &w))?;
        assert_eq!(fingerprint(&[of_x, of_w]), expected);
    }
    let (of_x, of_w) = outer.gradient(&y, (&x, &w))?;
    assert_eq!(fingerprint(&[of_x, of_w]), expected);
    Ok(())
}

#[test]
fn what_is_printed_reads_back_the_same() {
    let x: Tensor = tf::random::normal([200], seed(3));
    for value in x.to_vec() {
        let printed = Tensor::scalar(value).to_string();
        assert_eq!(printed.parse::<f32>().map(f32::to_bits), Ok(value.to_bits()), "{printed}");
    }
}

/// The first numbers of `ChaCha` with 12 rounds, seeded with 7.
const UNIFORM_OF_SEVEN: [f32; 3] = [0.030_317_36, 0.307_086_3, 0.142_642_16];
const NORMAL_OF_SEVEN: [f32; 3] = [-1.043_576_6, -0.576_747_8, -0.711_254_3];

#[test]
fn a_seed_has_its_numbers() {
    let draw = || -> Vec<f32> { tf::random::uniform([3], ..).to_vec() };
    let with_seed = || -> Vec<f32> { tf::random::uniform([3], seed(7)).to_vec() };
    tf::random::set_seed(7);
    let first = draw();
    assert_eq!(first, UNIFORM_OF_SEVEN);
    tf::random::set_seed(7);
    assert_eq!(
        (with_seed(), draw(), with_seed()),
        (UNIFORM_OF_SEVEN.to_vec(), first.clone(), UNIFORM_OF_SEVEN.to_vec())
    );
    assert_ne!(draw(), first);
    let normal: Tensor = tf::random::normal([3], seed(7));
    for (found, expected) in normal.to_vec().into_iter().zip(NORMAL_OF_SEVEN) {
        assert!((found - expected).abs() <= f32::EPSILON * expected.abs(), "{found}, not {expected}");
    }
}

#[test]
fn each_thread_has_numbers_of_its_own() {
    let draw = || -> Vec<f32> { tf::random::uniform([3], ..).to_vec() };
    let elsewhere = |seed: Option<u64>| {
        let draws = move || {
            seed.into_iter().for_each(tf::random::set_seed);
            draw()
        };
        std::thread::spawn(draws).join().expect("no thread panics")
    };
    tf::random::set_seed(1);
    let own = [draw(), draw()];
    tf::random::set_seed(1);
    let first = draw();
    assert_ne!(elsewhere(None), elsewhere(None));
    assert_eq!(elsewhere(Some(1)), first);
    assert_eq!([first, draw()], own);
}

/// Values, and the gradients of both operands.
fn of_two(f: impl Fn(&Tensor, &Tensor) -> Tensor, x: f32, y: f32) -> [f32; 3] {
    let (x, y) = (tf::constant(x), tf::constant(y));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let z = f(&x, &y);
    let (of_x, of_y) = tape.gradient(&z, (&x, &y)).expect("gradients");
    [z.item(), of_x.item(), of_y.item()]
}

#[test]
fn nan_goes_through_maximum_and_minimum() {
    let functions: [fn(&Tensor, &Tensor) -> Tensor; 2] = [|x, y| tf::maximum(x, y), |x, y| tf::minimum(x, y)];
    for f in functions {
        for (x, y) in [(f32::NAN, 1.0), (1.0, f32::NAN), (f32::NAN, f32::NAN)] {
            let [z, of_x, of_y] = of_two(f, x, y);
            assert!(z.is_nan());
            assert_eq!([of_x, of_y], [0.0, 1.0]);
        }
    }
}

#[test]
fn nan_goes_through_relu_and_clip_by_value() {
    let [y, of_x, _] = of_two(|x, y| tf::nn::relu(x) + y * 0.0, f32::NAN, 1.0);
    assert!(y.is_nan());
    assert_eq!(of_x, 0.0);
    let [y, of_x, _] = of_two(|x, y| tf::clip_by_value(x, -1.0, 1.0) + y * 0.0, f32::NAN, 1.0);
    assert!(y.is_nan());
    assert_eq!(of_x, 0.0);
}

#[test]
fn nan_goes_through_reductions() {
    let x: Tensor = tf::constant([[1.0, f32::NAN, 3.0], [1.0, 2.0, 3.0]]);
    for reduced in [tf::reduce_max(&x, 1), tf::reduce_min(&x, 1), tf::reduce_sum(tf::nn::softmax(&x, ..), 1)] {
        let reduced = reduced.to_vec();
        assert!(reduced[0].is_nan() && !reduced[1].is_nan(), "{reduced:?}");
    }
    assert!(tf::nn::softmax(&x, ..).to_vec()[..3].iter().all(|y| y.is_nan()));
    assert_eq!(tf::argmax(&x, axis(1)).to_vec(), [2, 2]);
    assert!(tf::sign(tf::constant(f32::NAN)).item().is_nan());
}

#[test]
fn nan_compares_as_everywhere() {
    let (x, zero) = (tf::constant(f32::NAN), tf::constant(0.0f32));
    let compared = [
        tf::less(&x, &zero),
        tf::less_equal(&x, &zero),
        tf::greater(&x, &zero),
        tf::greater_equal(&x, &zero),
        tf::equal(&x, &x),
    ];
    assert!(compared.iter().all(|truth| !truth.item()));
    assert!(tf::not_equal(&x, &x).item());
    assert_eq!(tf::where_(tf::greater(&x, 0), &x, 0.0).item(), 0.0);
}

#[test]
fn a_body_for_one_element_has_the_functions_of_std() {
    #[custom_gradient(elementwise)]
    fn positive(x: f32) -> f32 {
        (x.max(0.0), |dy| if x > 0.0 { dy } else { 0.0 })
    }
    assert_eq!(positive(&tf::constant(f32::NAN)).item(), 0.0);
}

#[test]
fn subnormal_numbers_are_kept() {
    #[custom_gradient(elementwise)]
    fn halved(x: f32) -> f32 {
        (x * 0.5, |dy| dy * 0.5)
    }
    let small = f32::MIN_POSITIVE;
    let x: Tensor = tf::broadcast_to(small, [64]);
    for halved in [&x * 0.5, halved(&x), tf::matmul(tf::reshape(&x, [64, 1]), tf::constant([[0.5]]), ..)] {
        assert_eq!(halved.to_vec(), vec![small / 2.0; 64]);
    }
    assert_eq!(tf::exp(tf::constant(-100.0f32)).item(), (-100.0f32).exp());
    assert!((-100.0f32).exp() > 0.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::reduce_sum(&x * small, ..);
    let scaled = tape.gradient_with(&y, &x, output_gradients(tf::constant(0.25)));
    assert_eq!(scaled.expect("a gradient").to_vec()[0], small * 0.25);
}

#[test]
fn zeros_keep_their_signs() {
    let zero = tf::constant([-0.0f32, 0.0]);
    for same in [tf::nn::relu(&zero), &zero * 1.0, tf::maximum(&zero, &zero), tf::round(&zero)] {
        assert_eq!(same.to_vec().map_signs(), [true, false]);
    }
    assert_eq!((&zero + 0.0).to_vec().map_signs(), [false, false]);
}

trait Signs {
    fn map_signs(self) -> Vec<bool>;
}
impl Signs for Vec<f32> {
    fn map_signs(self) -> Vec<bool> {
        self.into_iter().map(f32::is_sign_negative).collect()
    }
}

#[test]
fn long_sums_are_exact_to_a_few_roundings() {
    let x: Tensor = tf::random::uniform([1_000_000], seed(9));
    let exact: f64 = x.to_vec().into_iter().map(f64::from).sum();
    let off = (f64::from(tf::reduce_sum(&x, ..).item()) - exact).abs() / exact;
    let one_by_one = x.to_vec().into_iter().sum::<f32>();
    let off_one_by_one = (f64::from(one_by_one) - exact).abs() / exact;
    assert!(off < 4.0 * f64::from(f32::EPSILON), "{off}");
    assert!(off_one_by_one > 10.0 * off, "{off_one_by_one} and {off}");
}

#[test]
fn what_nothing_comes_to() {
    let x: Tensor = tf::zeros([0, 2]);
    assert_eq!(tf::reduce_sum(&x, 0).to_vec(), [0.0, 0.0]);
    assert_eq!(tf::reduce_prod(&x, 0).to_vec(), [1.0, 1.0]);
    assert_eq!(tf::reduce_max(&x, 0).to_vec(), [f32::NEG_INFINITY; 2]);
    assert!(tf::reduce_mean(&x, 0).to_vec().into_iter().all(f32::is_nan));
}
