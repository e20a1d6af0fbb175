//! `recompute_grad` of functions that fail, or do something else when they run again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

use crate::{gradient_at, panic_of};

#[test]
fn a_panic_in_either_run_leaves_tapes_usable() -> Result<(), Error> {
    let fails_in = |run: usize| {
        let runs = AtomicUsize::new(0);
        tf::recompute_grad(move |x: &Tensor| {
            assert_ne!(runs.fetch_add(1, Ordering::SeqCst), run, "on purpose");
            x * x
        })
    };
    let x = tf::constant(3.0);
    let (outer, tape) = (GradientTape::persistent(), GradientTape::persistent());
    outer.watch(&x);
    tape.watch(&x);
    assert!(panic_of(|| fails_in(0)(&x)).contains("on purpose"));
    let y = fails_in(1)(&x);
    tf::random::set_seed(3);
    let undisturbed: Tensor = tf::random::uniform([4], ..);
    tf::random::set_seed(3);
    assert!(panic_of(|| tape.gradient(&y, &x)).contains("on purpose"));
    let goes_on: Tensor = tf::random::uniform([4], ..);
    assert_eq!(goes_on.to_vec(), undisturbed.to_vec());
    let first = tape.gradient(&x * &x * &x, &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (27.0, 18.0));
    Ok(())
}

#[test]
fn an_argument_that_cannot_be_kept_leaves_tapes_usable() -> Result<(), Error> {
    struct Unkept;
    impl Clone for Unkept {
        fn clone(&self) -> Self {
            panic!("on purpose")
        }
    }
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    let g = tf::recompute_grad(|x: &Tensor, _: &Unkept| x * x);
    assert_eq!(g(&x, &Unkept).item(), 9.0, "without a watched tensor nothing is kept");
    tape.watch(&x);
    assert!(panic_of(|| g(&x, &Unkept)).contains("on purpose"));
    assert_eq!(tape.gradient(&x * &x, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn another_shape_in_the_second_run_is_named() {
    let runs = AtomicUsize::new(0);
    let g = tf::recompute_grad(move |x: &Tensor| {
        let size = 2 + runs.fetch_add(1, Ordering::SeqCst);
        (x * 1.0, tf::broadcast_to(x, [size]))
    });
    let x = tf::constant(3.0);
    let error = gradient_at(|x| g(x).0, &x).expect_err("another shape");
    assert!(matches!(error, Error::RecomputedShape { output: 1, .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("`recompute_grad`: output 1 of the function at tests/companions/recompute_faults.rs:"),
        "{text}"
    );
    assert!(text.contains("had shape [2], and [3] when it ran again"), "{text}");
}

/// The text of the error of the gradient by x, where the function runs again.
fn refused<T: Real>(g: impl Fn(&Tensor<T>) -> Tensor<T>, x: Tensor<T>) -> String {
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = g(&x);
    let error = tape.gradient(&y, &x).expect_err("another function the second time");
    assert!(matches!(error, Error::RecomputedValues { .. }), "{error}");
    error.to_string()
}

#[test]
fn another_path_in_the_second_run_is_named() {
    // A counter chooses the branch, and the shape is the same.
    let runs = AtomicUsize::new(0);
    let g =
        tf::recompute_grad(move |x: &Tensor| if runs.fetch_add(1, Ordering::SeqCst) == 0 { x * 2.0 } else { x * 3.0 });
    let text = refused(g, tf::constant([1.0, 2.0]));
    assert!(
        text.starts_with("`recompute_grad`: output 0 of the function at tests/companions/recompute_faults.rs:"),
        "{text}"
    );
    assert!(text.contains("had other values when it ran again for its gradient"), "{text}");
    assert!(text.ends_with("must not change in between: pass it as an argument, which is kept as it was"), "{text}");
}

/// A setting that is changed, a step of training, numbers that are drawn from a generator of one's own.
#[test]
fn whatever_changes_in_between_is_noticed() -> Result<(), Error> {
    let x: Tensor = tf::random::normal([1000], seed(1));
    let is_training = Rc::new(Cell::new(true));
    let read = Rc::clone(&is_training);
    let g = tf::recompute_grad(move |x: &Tensor| if read.get() { tf::nn::relu(x) } else { tf::tanh(x) });
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = g(&x);
    is_training.set(false);
    assert!(matches!(tape.gradient(&y, &x), Err(Error::RecomputedValues { output: 0, .. })));

    let weights = Rc::new(RefCell::new(Variable::new(vec![0.5f32; 1000])));
    let read = Rc::clone(&weights);
    let g = tf::recompute_grad(move |x: &Tensor| (x * 1.0, tf::tanh(x * &*read.borrow())));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = g(&x);
    let first = tape.gradient(&y.1, &x)?;
    assert_eq!(tape.gradient(&y.1, &x)?.to_vec(), first.to_vec());
    // As a step with a rate of 1e-3 does.
    weights.borrow_mut().assign_sub(vec![1e-3; 1000])?;
    assert!(matches!(tape.gradient(&y.1, &x), Err(Error::RecomputedValues { output: 1, .. })));

    let state = Cell::new(1u32);
    refused(
        tf::recompute_grad(move |x: &Tensor<f64>| {
            let next = || {
                state.set(state.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
                if state.get() >> 31 == 0 { 1.0 } else { 0.0 }
            };
            x * tf::constant([next(), next(), next(), next(), next(), next(), next(), next()])
        }),
        tf::ones([8]),
    );
    Ok(())
}

/// One element of many, a small change of all, another order, NaN where a number was.
#[test]
fn small_changes_are_noticed() {
    type Change = fn(&Tensor<f64>) -> Tensor<f64>;
    let changes: [(&str, Change); 6] = [
        ("all", |x| x * (1.0 + 1e-9)),
        ("offset", |x| x + 1e-9),
        ("one", |x| {
            let factors = (0..10_000).map(|k| if k == 4321 { 1.0 + 1e-6 } else { 1.0 }).collect::<Vec<f64>>();
            x * tf::constant(factors)
        }),
        ("reversed", |x| tf::gather(x, (0..10_000i64).rev().collect::<Vec<i64>>(), ..)),
        ("sign", |x| -x),
        ("NaN", |x| tf::where_(tf::greater(x, 3.0), f64::NAN, x)),
    ];
    for (what, change) in changes {
        let runs = AtomicUsize::new(0);
        let g = tf::recompute_grad(move |x: &Tensor<f64>| {
            let y = tf::sin(x) * 5.0;
            if runs.fetch_add(1, Ordering::SeqCst) == 0 { y } else { change(&y) }
        });
        assert!(!refused(g, tf::random::normal([10_000], seed(3))).is_empty(), "{what}");
    }
}

/// What is the same is not refused: NaN and infinities, zeros of both signs, nothing at all, numbers drawn again, integers.
#[test]
fn the_same_values_pass() -> Result<(), Error> {
    let x: Tensor = tf::constant([-1.0, 0.0, 1e38, f32::NAN, f32::INFINITY, 1e-45]);
    let functions: [fn(&Tensor) -> Tensor; 7] = [
        |x| tf::log(x),
        |x| x * 100.0,
        |x| tf::sqrt(x) / x,
        |x| -x * 0.0,
        |x| tf::nn::softmax(x, ..),
        |x| tf::slice(x, [2], [0]) * 2.0,
        |x| x * tf::random::uniform::<f32>([6], ..),
    ];
    for function in functions {
        let g = tf::recompute_grad(move |x: &Tensor| function(x));
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let y = g(&x);
        tape.gradient(&y, &x)?;
        tape.gradient(&y, &x)?;
    }
    let runs = AtomicUsize::new(0);
    let g = tf::recompute_grad(move |x: &Tensor| {
        let run = i64::try_from(runs.fetch_add(1, Ordering::SeqCst)).expect("a few");
        (x * 2.0, tf::constant([run]))
    });
    let x = tf::constant(3.0);
    assert_eq!(gradient_at(|x| g(x).0, &x)?.item(), 2.0, "no gradient flows through integers");
    Ok(())
}

/// Products of matrices may be rounded in another way where the number of threads is another: of one thread, that changes
/// when it joins a pool.
#[test]
fn another_number_of_threads_is_no_other_path() {
    fn product<T: Real>([m, k, n]: [usize; 3], threads: usize) {
        let (x, w): (Tensor<T>, Tensor<T>) = (tf::random::normal([m, k], seed(1)), tf::random::normal([k, n], seed(2)));
        let scale = T::of(f64::from(u32::try_from(k).expect("a small number")).sqrt().recip());
        let g = tf::recompute_grad(move |x: &Tensor<T>, w: &Tensor<T>| {
            let y = tf::matmul(x, w, ..) * scale;
            (tf::nn::softmax(&y * T::of(4.0), ..), tf::reduce_sum(tf::tanh(&y), 0), y)
        });
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = g(&x, &w);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build();
        assert_eq!((rayon::current_num_threads(), pool.is_ok()), (threads, true));
        tape.gradient((&y.0, &y.1, &y.2), &x).expect("the same function");
    }
    // A product of the first shape has other bits with one thread than with two, whose second one has a single row.
    for (shape, threads) in
        [[33, 5000, 65], [70, 20_000, 9]].into_iter().flat_map(|shape| [1, 2, 3, 8].map(|t| (shape, t)))
    {
        for product in [product::<f32>, product::<f64>] {
            std::thread::spawn(move || product(shape, threads)).join().expect("no alarm");
        }
    }
}
