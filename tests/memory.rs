//! Memory of freed tensors is kept for new ones: what they hold is theirs alone, and what is kept is bounded.

#![allow(clippy::float_cmp, reason = "the numbers are exact")]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use gradcore::memory::{held, limit, set_limit};
use gradcore::prelude::*;
use ndarray::Ix1;

const LARGE: usize = 100_000;

/// What is kept is counted for the whole process, so one test looks at a time, and leaves nothing behind.
struct Alone(#[expect(dead_code, reason = "it is held until the test ends")] MutexGuard<'static, ()>);

fn alone() -> Alone {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = Alone(ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    assert_eq!(held(), 0, "threads that have ended keep nothing");
    set_limit(1 << 30);
    guard
}

impl Drop for Alone {
    fn drop(&mut self) {
        set_limit(0);
    }
}

#[test]
fn a_large_tensor_leaves_its_memory_and_a_new_one_takes_it() {
    let _alone = alone();
    drop(tf::ones::<f32>([LARGE]));
    let kept = held();
    assert!((4 * LARGE..5 * LARGE).contains(&kept), "{kept}");
    let zeros: Tensor = tf::zeros([LARGE - 1000]);
    assert_eq!(held(), 0);
    assert!(zeros.to_vec().iter().all(|zero| *zero == 0.0), "nothing of the ones is left");
    drop(zeros);
    assert_eq!(held(), kept);
    // Another dtype has memory of its own, and small tensors leave that to the allocator.
    let (of_f64, small): (Tensor<f64>, Tensor) = (tf::ones([LARGE]), tf::ones([100]));
    assert_eq!(held(), kept);
    drop(small);
    assert_eq!(held(), kept);
    drop(of_f64);
    assert!(held() >= kept + 8 * LARGE);
}

#[test]
fn what_is_kept_stays_below_the_limit() {
    let _alone = alone();
    let bytes = 4 * LARGE;
    set_limit(3 * bytes);
    assert_eq!(limit(), 3 * bytes);
    let many: Vec<Tensor> = (0..10).map(|_| tf::ones([LARGE])).collect();
    drop(many);
    assert!((bytes..=3 * bytes).contains(&held()), "{}", held());
    // Of another size there is room all the same: what was kept goes.
    drop(tf::ones::<f32>([2 * LARGE]));
    assert!((2 * bytes..=3 * bytes).contains(&held()), "{}", held());
    drop(tf::ones::<f32>([10 * LARGE]));
    assert!(held() <= 3 * bytes, "what is larger than the limit is not kept");
    set_limit(0);
    assert_eq!(held(), 0);
    drop(tf::ones::<f32>([LARGE]));
    assert_eq!(held(), 0);
}

/// Old numbers stand in the memory of every new tensor here.
#[test]
fn operations_do_not_see_what_stood_in_their_memory() -> Result<(), Error> {
    let _alone = alone();
    let step = |n: usize| -> Result<Vec<Vec<f32>>, Error> {
        let x: Tensor = tf::reshape(tf::cast(tf::greater(tf::ones::<f32>([n]), 0.5), tf::float32) * 3.0, [-1, 4]);
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let row = tf::constant([1.0, 2.0, 3.0, 4.0]);
        let y = tf::where_(tf::greater(&x, 2.0), &x * &row, -&x)
            + tf::pad(tf::slice(&x, [0, 1], [-1, 2]), [[0, 0], [1, 1]]);
        let z = tf::matmul(&y, tf::transpose(&y, ..), ..);
        let z = tf::gather(&z, tf::constant([0, 2]), axis(1)) + tf::broadcast_to(1.0, [n / 4, 2]);
        let loss = tf::reduce_mean(tf::nn::softmax(&z, ..) * &z, ..) + tf::reduce_max(&y, ..);
        Ok(vec![y.to_vec(), z.to_vec(), loss.to_vec(), tape.gradient(&loss, &x)?.to_vec()])
    };
    let rows = 12_000;
    set_limit(0);
    let fresh = [step(rows)?, step(rows + 400)?];
    set_limit(1 << 30);
    for _ in 0..3 {
        drop(tf::ones::<f32>([rows]) * f32::NAN);
        assert_eq!([step(rows)?, step(rows + 400)?], fresh);
    }
    Ok(())
}

#[test]
fn arrays_and_tensors_change_hands_without_a_copy() -> Result<(), Error> {
    let _alone = alone();
    let tensor: Tensor = tf::ones([LARGE]);
    let address = tensor.view().as_ptr();
    let array = tensor.into_array::<Ix1>()?;
    assert_eq!((array.as_ptr(), held()), (address, 0));
    let tensor = Tensor::from(array);
    assert_eq!(tensor.view().as_ptr(), address);
    drop(tensor);
    assert!(held() >= 4 * LARGE);
    // A vector of any capacity is kept for what has room in it.
    let odd = Tensor::<f32>::from_vec(&[LARGE + 1], vec![1.0; LARGE + 1])?;
    drop(odd);
    let next: Tensor = tf::zeros([LARGE + 1]);
    assert_eq!(next.size(), LARGE + 1);
    Ok(())
}

#[test]
fn tensors_may_be_freed_by_other_threads_than_made_them() {
    let _alone = alone();
    for round in 0..20 {
        let made: Vec<Tensor> = (0..4).map(|k| tf::ones::<f32>([LARGE + k]) * 2.0).collect();
        let sums: Vec<f32> = thread::scope(|scope| {
            let handles: Vec<_> =
                made.into_iter().map(|x| scope.spawn(move || tf::reduce_mean(&x + &x, ..).item())).collect();
            handles.into_iter().map(|handle| handle.join().expect("a sum")).collect()
        });
        assert_eq!(sums, [4.0; 4], "{round}");
    }
    // A thread that has ended has given back what it kept.
    set_limit(0);
    assert_eq!(held(), 0);
}

#[test]
fn a_tensor_of_a_thread_local_may_outlive_the_memory_that_its_thread_keeps() {
    let _alone = alone();
    thread_local!(static LAST: std::cell::RefCell<Option<Tensor>> = const { std::cell::RefCell::new(None) });
    thread::spawn(|| {
        LAST.set(Some(tf::ones([LARGE])));
        drop(tf::ones::<f32>([LARGE]));
    })
    .join()
    .expect("the thread ends");
    assert_eq!(held(), 0);
}

/// An operator with a tensor that it is given, or lent.
type Given = fn(Tensor, &Tensor) -> Tensor;
type Lent = fn(&Tensor, &Tensor) -> Tensor;

#[test]
fn an_operator_writes_over_what_nobody_else_holds_and_no_tape_sees() -> Result<(), Error> {
    let made = || -> Tensor { tf::random::normal([100, 40], seed(1)) };
    let place = |x: &Tensor| x.view().as_ptr();
    let other: Tensor = tf::random::normal([100, 40], seed(2));
    let operators: [(&str, Given, Lent); 6] = [
        ("x + y", |x, y| x + y, |x, y| x + y),
        ("y - x", |x, y| y - x, |x, y| y - x),
        ("x * 2", |x, _| x * 2.0, |x, _| x * 2.0),
        ("2 - x", |x, _| 2.0 - x, |x, _| 2.0 - x),
        ("y / x", |x, y| y / x, |x, y| y / x),
        ("1 / x", |x, _| 1 / x, |x, _| 1 / x),
    ];
    for (name, given, lent) in operators {
        let expected = lent(&made(), &other).to_vec();

        let x = made();
        let before = place(&x);
        let y = given(x, &other);
        assert_eq!((place(&y), y.to_vec()), (before, expected.clone()), "{name}");

        let x = made();
        let held = x.clone();
        let y = given(x, &other);
        assert_ne!(place(&y), place(&held), "{name}");
        assert_eq!((held.to_vec(), y.to_vec()), (made().to_vec(), expected.clone()), "{name}");

        let x = made();
        let tape = GradientTape::new();
        tape.watch(&x);
        let y = given(tf::identity(&x), &other);
        assert_eq!((x.to_vec(), y.to_vec()), (made().to_vec(), expected), "{name}");
        assert_eq!(tape.gradient(&y, &x)?.shape(), x.shape(), "{name}");
    }
    let wide: Tensor = tf::ones([3, 2]);
    assert_eq!((tf::ones::<f32>([2]) + &wide).shape(), [3, 2], "the shape of the result is the other's");
    assert_eq!((tf::constant([6, 7]) / 2).to_vec(), [3, 3]);
    Ok(())
}
