//! Rules that run in a pool of threads. While an operation waits for its parts, its thread may run another task of the
//! pool, in the middle of a rule: that task sees nothing of the rule, and leaves nothing behind.
//!
//! Pools have 2, 3, 4 and 8 threads, whatever the machine has. For pools of their own a thread is enough; the global pool
//! is made once in a process, so for each size this program runs itself again.

use std::cell::Cell;
use std::process::Command;
use std::rc::Rc;
use std::sync::LazyLock;

use gradcore::prelude::*;
use rayon::prelude::*;

const SIZES: [usize; 4] = [2, 3, 4, 8];
/// Products are slow where nothing is optimised.
const ROUNDS: usize = if cfg!(debug_assertions) { 1 } else { 50 };

/// The least size of square matrices whose product is shared among threads.
const SIDE: usize = 130;
/// The least number of elements over which a loop is shared among threads.
const LENGTH: usize = 1 << 18;

/// Runs as many tasks as keep a pool busy, and fails with what the first failing one says.
fn run(task: impl Fn(u64) -> Result<(), String> + Sync) {
    let tasks = 3 * u64::try_from(rayon::current_num_threads()).expect("a pool is small");
    for round in 0..ROUNDS {
        let failed: Vec<String> = (0..tasks).into_par_iter().filter_map(|seed| task(seed).err()).collect();
        assert!(failed.is_empty(), "round {round}, {} of {tasks} tasks: {}", failed.len(), failed[0]);
    }
}

/// Runs tasks in a pool of each size.
fn in_pools(task: impl Fn(u64) -> Result<(), String> + Sync) {
    for size in SIZES {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(size).build().expect("a pool of threads");
        pool.install(|| run(&task));
    }
}

/// Runs a test of this program again, with a global pool of each size; in the process that does it, runs the tasks.
fn in_the_global_pool(test: &str, task: impl Fn(u64) -> Result<(), String> + Sync) {
    const AGAIN: &str = "RUN_IN_THE_GLOBAL_POOL";
    if std::env::var_os(AGAIN).is_some() {
        // The thread of a test is none of the pool.
        return rayon::scope(|_| run(&task));
    }
    for size in SIZES {
        let program = std::env::current_exe().expect("the path of this program");
        let run = Command::new(program)
            .args(["--exact", test, "--nocapture"])
            .env(AGAIN, "1")
            .env("RAYON_NUM_THREADS", size.to_string())
            .output()
            .expect("this program runs again");
        let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success(), "with {size} threads:\n{out}\n{err}");
        assert!(out.contains("1 passed"), "`{test}` is the name of a test:\n{out}");
    }
}

fn expect(is_right: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if is_right { Ok(()) } else { Err(what()) }
}

/// x · x of a square matrix, whose gradient is wrong on purpose, so that it is known whose it was.
#[custom_gradient]
fn squared(x: &Tensor, mark: f32) -> Tensor {
    let y = tf::matmul(x, x, ..);
    let scale = tf::reduce_sum(&y, ..) * 0.0 + mark;
    (y, |dy| dy * &scale)
}

/// What a loop that is shared among threads computes.
#[custom_gradient(elementwise)]
fn shifted(x: f32, #[nondiff] by: f32) -> f32 {
    (x + by, |dy| dy * by)
}

/// A matrix that every task watches on a tape of its own.
static MATRIX: LazyLock<Tensor> = LazyLock::new(|| tf::ones([SIDE, SIDE]));
/// A variable, which every tape watches by itself.
static SCALE: LazyLock<Variable> = LazyLock::new(|| Variable::new(1.0));

/// Gradients by tapes of both kinds, of rules that wait in their bodies and in their gradients.
fn tapes(seed: u64) -> Result<(), String> {
    let mark = f32::from(u8::try_from(seed).expect("a small seed")) + 1.0;
    let x = &*MATRIX * &*SCALE;
    expect(x.to_vec()[0].to_bits() == 1.0f32.to_bits(), || format!("1 times 1 is {x}"))?;
    let x = MATRIX.clone();
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = squared(&squared(&x, mark), 2.0);
    let of_x = tape.gradient(&y, &x).map_err(|error| error.to_string())?;
    expect(of_x.to_vec().iter().all(|g| (g - 2.0 * mark).abs() < 1e-3), || format!("{of_x}, not {}", 2.0 * mark))?;

    let (x, unwatched): (Tensor, Tensor) = (tf::ones([LENGTH]), tf::zeros([LENGTH]));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = shifted(&x, mark) * &x + shifted(&unwatched, 1.0);
    let first = tape.gradient(&y, &x).map_err(|error| error.to_string())?;
    // (x + m) x has m x + x + m.
    expect(first.to_vec()[LENGTH - 1].to_bits() == (2.0 * mark + 1.0).to_bits(), || format!("{first} for {mark}"))
}

/// The numbers that a task draws before and after it has waited are those of its seed.
fn streams(seed: u64) -> Result<(), String> {
    let x: Tensor = tf::ones([SIDE, SIDE]);
    let draw = |count| -> Vec<f32> { tf::random::normal([count], ..).to_vec() };
    tf::random::set_seed(seed);
    let expected: Vec<f32> = draw(8);
    tf::random::set_seed(seed);
    let mut found = draw(2);
    for _ in 0..3 {
        let _product = tf::matmul(&x, &x, ..);
        found.extend(draw(2));
    }
    expect(found == expected, || format!("drew {found:?}, not {expected:?}"))
}

/// Drops a part of the units at random, and waits before and after.
#[custom_gradient(recompute)]
fn dropout(x: &Tensor, w: &Tensor) -> Tensor {
    let before = tf::matmul(x, w, ..);
    let noise: Tensor = tf::random::uniform([SIDE, SIDE], ..);
    let mask = tf::where_(noise > 0.5, tf::ones_like(x), 0.0);
    let y = tf::matmul(before * &mask, w, ..);
    (y, |dy| (dy * &mask, tf::matmul(x, dy * &mask, transpose_a(true))))
}

/// The mask of a value is that of its gradient: where a unit was dropped, no gradient comes out.
fn masks(seed: u64) -> Result<(), String> {
    let identity: Vec<f32> = (0..SIDE * SIDE).map(|k| if k % (SIDE + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let w = Tensor::from_vec(&[SIDE, SIDE], identity).expect("a square matrix");
    let x: Tensor = tf::ones([SIDE, SIDE]);
    tf::random::set_seed(seed);
    let noise: Tensor = tf::random::uniform([SIDE, SIDE], ..);
    let expected: Vec<bool> = noise.to_vec().into_iter().map(|noise| noise > 0.5).collect();
    tf::random::set_seed(seed);
    let tape = GradientTape::new();
    tape.watch((&x, &w));
    let y = dropout(&x, &w);
    let (of_x, _) = tape.gradient(&y, (&x, &w)).map_err(|error| error.to_string())?;
    let is_kept = |t: &Tensor| t.to_vec().into_iter().map(|value| value > 0.5).collect::<Vec<bool>>();
    expect(is_kept(&y) == expected, || "the mask of the value is not that of the seed".to_owned())?;
    expect(is_kept(&of_x) == expected, || "the mask of the gradient is another".to_owned())
}

/// The companion that runs a function again draws what the function drew.
fn again(seed: u64) -> Result<(), String> {
    let x: Tensor = tf::ones([SIDE, SIDE]);
    let noisy = tf::recompute_grad(|x: &Tensor| {
        let y = tf::matmul(x, x, ..);
        let noise: Tensor = tf::random::normal([SIDE, SIDE], ..);
        y * noise
    });
    tf::random::set_seed(seed);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = noisy(&x);
    let found = tape.gradient(&y, &x).map_err(|error| error.to_string())?;
    tf::random::set_seed(seed);
    let noise: Tensor = tf::random::normal([SIDE, SIDE], ..);
    let rows = tf::matmul(&noise, &x, transpose_b(true)) + tf::matmul(&x, &noise, transpose_a(true));
    let off = tf::reduce_max(tf::abs(&found - &rows), ..).item();
    expect(off < 1e-2, || format!("the gradient is off by {off}"))
}

/// It waits in its gradient.
#[custom_gradient]
fn multiplied(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| tf::matmul(dy, x, ..))
}

/// What a gradient that is not made up has come to.
#[custom_gradient]
fn observed(x: &Tensor, seen: &Rc<Cell<f32>>) -> Tensor {
    (x * 1.0, |dy| {
        seen.set(tf::reduce_sum(tf::matmul(dy, dy, ..), ..).item());
        dy * 1.0
    })
}

/// Forward mode tries a rule out, which waits meanwhile: a task that runs then is tried out by nobody.
fn trials(_: u64) -> Result<(), String> {
    let (x, seen) = (MATRIX.clone(), Rc::new(Cell::new(0.0)));
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0)).map_err(|error| error.to_string())?;
    acc.jvp(multiplied(&x)).map_err(|error| error.to_string())?;
    drop(acc);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = observed(&x, &seen);
    tape.gradient(&y, &x).map_err(|error| error.to_string())?;
    expect(seen.get() > 0.0, || "a gradient has not run".to_owned())
}

#[test]
fn trials_in_pools() {
    in_pools(trials);
}

#[test]
fn tapes_in_pools() {
    in_pools(tapes);
}

#[test]
fn tapes_in_the_global_pool() {
    in_the_global_pool("tapes_in_the_global_pool", tapes);
}

#[test]
fn streams_in_pools() {
    in_pools(streams);
}

#[test]
fn streams_in_the_global_pool() {
    in_the_global_pool("streams_in_the_global_pool", streams);
}

#[test]
fn masks_in_pools() {
    in_pools(masks);
}

#[test]
fn masks_in_the_global_pool() {
    in_the_global_pool("masks_in_the_global_pool", masks);
}

#[test]
fn functions_that_run_again_in_pools() {
    in_pools(again);
}

#[test]
fn functions_that_run_again_in_the_global_pool() {
    in_the_global_pool("functions_that_run_again_in_the_global_pool", again);
}
