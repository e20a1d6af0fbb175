//! The gradient tape: what it watches, what it gives back, and graphs made to break it.

#![allow(clippy::float_cmp, reason = "the numbers are exact in binary")]

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::Unconnected;
use gradcore::prelude::*;

fn watched(value: f32) -> (Tensor, GradientTape) {
    let x = tf::constant(value);
    let tape = GradientTape::new();
    tape.watch(&x);
    (x, tape)
}

fn reason(result: Result<Tensor, Error>) -> Unconnected {
    match result {
        Err(Error::Unconnected { reason, .. }) => reason,
        other => panic!("expected a missing gradient, found {other:?}"),
    }
}

#[test]
fn sources_give_their_structure_to_the_gradients() -> Result<(), Error> {
    let (a, b) = (tf::constant(2.0), tf::constant([1.0, 3.0]));
    let v: Variable = Variable::new(5.0);
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = tf::reduce_sum(&a * &b, ..) * &v;
    let one: Tensor = tape.gradient(&y, &a)?;
    let pair: (Tensor, Tensor) = tape.gradient(&y, (&a, &b))?;
    let array: [Tensor; 2] = tape.gradient(&y, [&a, &b])?;
    let vector: Vec<Tensor> = tape.gradient(&y, vec![&a, &b])?;
    let slice: Vec<Tensor> = tape.gradient(&y, &[a.clone(), b.clone()][..])?;
    let nested: (Tensor, ([Tensor; 1], Vec<Tensor>)) = tape.gradient(&y, (&v, ([&a], vec![&b])))?;
    let repeated: (Tensor, Tensor) = tape.gradient(&y, (&a, &a))?;
    for da in [&one, &pair.0, &array[0], &vector[0], &slice[0], &nested.1.0[0], &repeated.0, &repeated.1] {
        assert_eq!(da.item(), 20.0);
    }
    for db in [&pair.1, &array[1], &vector[1], &slice[1], &nested.1.1[0]] {
        assert_eq!(db.to_vec(), [10.0, 10.0]);
    }
    assert_eq!(nested.0.item(), 8.0);
    Ok(())
}

#[test]
fn targets_of_several_elements_and_several_targets_are_summed() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (a, b) = (&x * &x, &x * 3.0);
    assert_eq!(tape.gradient(&a, &x)?.to_vec(), [2.0, 4.0]);
    assert_eq!(tape.gradient((&a, &b), &x)?.to_vec(), [5.0, 7.0]);
    assert_eq!(tape.gradient([&a, &a], &x)?.to_vec(), [4.0, 8.0]);
    assert_eq!(tape.gradient(&x, &x)?.to_vec(), [1.0, 1.0]);
    assert_eq!(tape.gradient((&x, &a), &x)?.to_vec(), [3.0, 5.0]);
    Ok(())
}

#[test]
fn output_gradients_have_the_structure_of_the_target() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (a, b) = (&x * &x, &x * 3.0);
    let ten = tf::constant([1.0, 10.0]);
    assert_eq!(tape.gradient_with(&a, &x, output_gradients(&ten))?.to_vec(), [2.0, 40.0]);
    assert_eq!(tape.gradient_with((&a, &b), &x, output_gradients((&ten, &ten)))?.to_vec(), [5.0, 70.0]);
    let scalar: Tensor = tf::constant(5.0);
    assert_eq!(tape.gradient_with(&a, &x, output_gradients(&scalar))?.to_vec(), [10.0, 20.0]);
    let wrong = tape.gradient_with(&a, &x, output_gradients(tf::constant([1.0, 2.0, 3.0]))).unwrap_err();
    assert_eq!(wrong, Error::OutputGradientShape { expected: vec![2], found: vec![3] });
    let few = tape.gradient_with(vec![&a, &b], &x, output_gradients(vec![&ten])).unwrap_err();
    assert_eq!(few, Error::OutputGradientCount { expected: 2, found: 1 });
    let none = tape.gradient_with(vec![&a, &b], &x, output_gradients(Vec::<Tensor>::new())).unwrap_err();
    assert_eq!(none, Error::OutputGradientCount { expected: 2, found: 0 });
    Ok(())
}

#[test]
fn an_intermediate_is_a_source_too() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let a = &x * &x;
    let y = &a * 2.0;
    let (dx, da) = tape.gradient(&y, (&x, &a))?;
    assert_eq!((dx.item(), da.item()), (12.0, 2.0));
    Ok(())
}

#[test]
fn variables_are_watched_when_read_and_each_read_keeps_its_value() -> Result<(), Error> {
    let mut v: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let first = tf::square(&v);
    v.assign_add(1.0)?;
    let second = tf::square(&v);
    assert_eq!(tape.gradient(first + second, &v)?.item(), 14.0);
    Ok(())
}

#[test]
fn the_value_of_a_variable_outlives_assignments() -> Result<(), Error> {
    let mut w: Variable = Variable::new([3.0]);
    let anchor = w.clone();
    w.assign([5.0])?;
    let tape = GradientTape::persistent();
    let distance = &w - &anchor;
    assert_eq!(tape.gradient(&distance * &distance, &w)?.to_vec(), [4.0]);
    assert_eq!(tape.gradient(w.value() * 2, &w)?.to_vec(), [2.0]);
    Ok(())
}

#[test]
fn integers_wrap_and_their_means_do_not() {
    assert_eq!((tf::constant(i32::MAX) + 1).item(), i32::MIN);
    assert_eq!(tf::reduce_mean(tf::constant([200u8, 200, 201]), ..).item(), 200);
    assert_eq!(tf::reduce_mean(tf::ones::<u8>([300]), ..).item(), 1);
    assert_eq!(tf::reduce_mean(tf::zeros::<i32>([0]), ..).item(), 0);
}

#[test]
#[should_panic(expected = "`divide`: expected `y` without zeros")]
fn integers_are_not_divided_by_zero() {
    let _ = tf::constant([1, 2]) / tf::constant([1, 0]);
}

#[test]
fn a_missing_gradient_is_an_error_that_says_why() {
    let stranger = tf::constant(1.0);
    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&x * &x, &stranger)), Unconnected::NotWatched);

    let unread: Variable = Variable::new(1.0);
    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&x * &x, &unread)), Unconnected::NotRead);

    let tape = GradientTape::new().watch_accessed_variables(false);
    assert_eq!(reason(tape.gradient(&unread * 2.0, &unread)), Unconnected::NotWatchedByItself);

    let early = &x * 2.0;
    let tape = GradientTape::new();
    tape.watch(&x);
    assert_eq!(reason(tape.gradient(&early, &x)), Unconnected::TargetBeforeTape);

    let tape = GradientTape::new();
    let early = &x * 2.0;
    tape.watch(&x);
    assert_eq!(reason(tape.gradient(&early, &x)), Unconnected::WatchedTooLate);

    let (tape, other) = (GradientTape::new(), GradientTape::new());
    tape.watch(&x);
    other.watch(&stranger);
    let y = &stranger * 2.0;
    assert_eq!(reason(tape.gradient(&y, &x)), Unconnected::OtherTape);
    drop(other);

    let (x, tape) = watched(3.0);
    assert_eq!(reason(tape.gradient(&stranger * 2.0, &x)), Unconnected::TargetNotRecorded);

    let tape = GradientTape::new();
    tape.watch((&x, &stranger));
    assert_eq!(reason(tape.gradient(&stranger * 2.0, &x)), Unconnected::NoPath { cuts: Vec::new() });
}

#[test]
fn what_stops_a_gradient_is_named_with_its_place() {
    type Stop = fn(&Tensor) -> Tensor;
    let stops: [(&str, Stop); 4] = [
        ("`stop_gradient`", |x| tf::stop_gradient(x) * 2.0),
        ("`round`", |x| tf::round(x) * 2.0),
        ("`cast`", |x| tf::cast(tf::cast(x, tf::int32), tf::float32)),
        ("`argmax`", |x| tf::cast(tf::argmax(tf::reshape(x, [1]), axis(0)), tf::float32)),
    ];
    for (name, stop) in stops {
        let (x, tape) = watched(3.0);
        match reason(tape.gradient(stop(&x), &x)) {
            Unconnected::Stopped { by } => {
                assert!(by[0].starts_with(name) && by[0].contains("tests/tape.rs:"), "{by:?}");
            }
            other => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn zeros_stand_for_missing_gradients_on_request() -> Result<(), Error> {
    let stranger = tf::constant([[1.0], [2.0]]);
    let (x, tape) = watched(3.0);
    let options = unconnected_gradients(UnconnectedGradients::Zero);
    let (dx, zeros) = tape.gradient_with(&x * &x, (&x, &stranger), options)?;
    assert_eq!((dx.item(), zeros.shape(), zeros.to_vec()), (6.0, &[2, 1][..], vec![0.0, 0.0]));
    Ok(())
}

#[test]
fn the_same_tensor_on_both_sides() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    assert_eq!(tape.gradient(&x * &x - &x / &x + (&x - &x), &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn diamonds_add_their_branches() -> Result<(), Error> {
    let (x, tape) = watched(2.0);
    let a = &x * 3.0;
    let (b, c) = (&a * &a, &a + 1.0);
    assert_eq!(tape.gradient(&b * &c + &a, &x)?.item(), 3.0 * (2.0 * 6.0 * 7.0 + 36.0) + 3.0);
    Ok(())
}

#[test]
fn a_chain_of_100_000_nodes_neither_recurses_nor_overflows() -> Result<(), Error> {
    let (x, tape) = watched(1.0);
    let y = (0..100_000).fold(tf::identity(&x), |y, _| &y + &x);
    assert_eq!(tape.gradient(&y, &x)?.item(), 100_001.0);
    let (x, tape) = watched(1.0);
    let y = (0..100_000).fold(tf::identity(&x), |y, _| &y + &x);
    drop(tape);
    drop(y);
    Ok(())
}

#[test]
fn axes_of_size_zero_and_rank_zero() -> Result<(), Error> {
    let x: Tensor = tf::zeros([0, 3]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    assert_eq!(tape.gradient(tf::reduce_sum(&x * 2.0, ..), &x)?.shape(), [0, 3]);
    assert_eq!(tape.gradient(tf::reduce_sum(&x, axis(0)), &x)?.shape(), [0, 3]);
    let product = tf::matmul(&x, tf::ones([3, 2]), ..);
    assert_eq!(product.shape(), [0, 2]);
    assert_eq!(tape.gradient(&product, &x)?.shape(), [0, 3]);
    let empty_inner = tf::matmul(tf::transpose(&x, ..), &x, ..);
    assert_eq!(empty_inner.to_vec(), [0.0; 9]);
    assert_eq!(tape.gradient(&empty_inner, &x)?.shape(), [0, 3]);
    assert_eq!(tape.gradient(tf::nn::softmax(&x, ..), &x)?.shape(), [0, 3]);
    Ok(())
}

#[test]
fn tapes_end_in_any_order() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let first = GradientTape::new();
    let second = GradientTape::new();
    let third = GradientTape::new();
    first.watch(&x);
    second.watch(&x);
    third.watch(&x);
    let y = &x * &x;
    drop(second);
    let z = &y * &x;
    assert_eq!(first.gradient(&z, &x)?.item(), 12.0);
    let w = &z * &x;
    assert_eq!(third.gradient(&w, &x)?.item(), 32.0);
    Ok(())
}

#[test]
fn watching_is_a_matter_of_each_tape() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    let y = tf::square(&x) * 2.0;
    assert_eq!(reason(inner.gradient(&y, &x)), Unconnected::NotWatched);
    assert_eq!(outer.gradient(&y, &x)?.item(), 12.0);
    Ok(())
}

#[test]
fn third_order_from_nested_tapes_and_from_one_persistent_tape() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let (t1, t2, t3) = (GradientTape::new(), GradientTape::new(), GradientTape::new());
    t1.watch(&x);
    t2.watch(&x);
    t3.watch(&x);
    let y = &x * &x * &x * &x;
    let first = t3.gradient(&y, &x)?;
    let second = t2.gradient(&first, &x)?;
    assert_eq!((first.item(), second.item(), t1.gradient(&second, &x)?.item()), (32.0, 48.0, 48.0));

    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = tf::exp(&x * &x);
    let first = tape.gradient(&y, &x)?;
    let second = tape.gradient(&first, &x)?;
    let e = 4.0f32.exp();
    assert!((first.item() - 4.0 * e).abs() < 1e-3 && (second.item() - 18.0 * e).abs() < 1e-2);
    Ok(())
}

#[test]
fn a_tape_opened_in_a_body_or_in_a_rule_works() -> Result<(), Error> {
    #[custom_gradient]
    fn fourth_power(x: &Tensor) -> Tensor {
        let tape = GradientTape::new();
        tape.watch(x);
        let y = x * x * x * x;
        let slope = tape.gradient(&y, x).expect("a gradient");
        let grad = |dy| {
            let tape = GradientTape::new();
            tape.watch(x);
            let again = tape.gradient(x * x * x * x, x).expect("a gradient");
            (again + &slope) * dy / 2.0
        };
        (y, grad)
    }
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = fourth_power(&x);
    let first = inner.gradient(&y, &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (32.0, 48.0));
    Ok(())
}

#[custom_gradient]
fn wrong_shape(x: &Tensor, bias: &Tensor) -> Tensor {
    (x + bias, |dy| (dy, dy))
}

#[test]
fn a_gradient_of_the_wrong_shape_is_named_and_every_tape_stays_usable() -> Result<(), Error> {
    let (x, bias) = (tf::constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf::constant([10.0, 20.0]));
    let (outer, tape) = (GradientTape::persistent(), GradientTape::persistent());
    outer.watch((&x, &bias));
    tape.watch((&x, &bias));
    let y = wrong_shape(&x, &bias);
    assert_eq!(tape.gradient(&y, &x)?.shape(), [3, 2]);
    let error = tape.gradient(&y, (&x, &bias)).unwrap_err().to_string();
    let expected = "the gradient of `bias` in `wrong_shape` (tests/tape.rs:";
    assert!(error.starts_with(expected) && error.contains("has shape [3, 2], expected [2], that of `bias`"), "{error}");
    assert!(error.ends_with("summing axis 0 would give it: wrap the gradient in `tf::sum_to(…, bias)`"), "{error}");
    assert_eq!(tape.gradient(&x * 2.0, &x)?.to_vec(), [2.0; 6]);
    assert_eq!(outer.gradient(&x * 2.0, &x)?.to_vec(), [2.0; 6]);
    Ok(())
}

#[test]
fn a_panic_in_a_body_or_in_a_rule_leaves_every_tape_usable() -> Result<(), Error> {
    #[custom_gradient]
    fn explodes(x: &Tensor, #[nondiff] when: &str) -> Tensor {
        assert_ne!(when, "forward");
        let when = when.to_owned();
        let grad = |dy| {
            assert_ne!(when, "backward");
            dy
        };
        (x * 1.0, grad)
    }
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| explodes(&x, "forward")));
    assert!(caught.is_err());
    let y = &x * &x;
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    let z = explodes(&y, "backward");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tape.gradient(&z, &x)));
    assert!(caught.is_err());
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn tensors_travel_between_threads_and_tapes_do_not() {
    let (x, tape) = watched(3.0);
    let squared = std::thread::scope(|scope| scope.spawn(|| &x * &x).join().expect("no panic"));
    assert_eq!(reason(tape.gradient(&squared, &x)), Unconnected::TargetNotRecorded);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..=4u8)
            .map(|k| {
                let x = &x;
                scope.spawn(move || {
                    (0..200).all(|_| {
                        let tape = GradientTape::new();
                        tape.watch(x);
                        let y = x * x * f32::from(k);
                        tape.gradient(&y, x).is_ok_and(|dx| dx.item() == 6.0 * f32::from(k))
                    })
                })
            })
            .collect();
        assert!(workers.into_iter().all(|worker| worker.join().expect("no panic")));
    });
}

/// A capture that counts how many of it are alive.
#[derive(Debug)]
struct Counted(&'static AtomicUsize);

impl Counted {
    fn new(alive: &'static AtomicUsize) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Counted(alive)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Counted::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[custom_gradient]
fn split(a: &Tensor, b: &Tensor, #[nondiff] of_a: Counted, #[nondiff] of_b: Counted) -> Tensor {
    let grad = |dy| {
        (
            {
                assert!(Rc::strong_count(&Rc::new(of_a)) == 1);
                dy * 1.0
            },
            {
                assert!(Rc::strong_count(&Rc::new(of_b)) == 1);
                dy * 2.0
            },
        )
    };
    (a + b, grad)
}

#[test]
fn a_capture_lives_as_long_as_a_watched_input_needs_it() -> Result<(), Error> {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    let alive = || ALIVE.load(Ordering::SeqCst);
    let make = || (Counted::new(&ALIVE), Counted::new(&ALIVE));
    let (a, b) = (tf::constant(1.0), tf::constant(2.0));

    let (of_a, of_b) = make();
    let _ = split(&a, &b, of_a, of_b);
    assert_eq!(alive(), 0, "without a tape nothing is kept");

    let tape = GradientTape::new();
    tape.watch(&b);
    let (of_a, of_b) = make();
    let y = split(&a, &b, of_a, of_b);
    assert_eq!(alive(), 1, "only what the gradient of `b` uses is kept");
    assert_eq!(tape.gradient(&y, &b)?.item(), 2.0);
    assert_eq!(alive(), 0, "a one-shot tape frees what it kept");

    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let (of_a, of_b) = make();
    let y = split(&a, &b, of_a, of_b);
    assert_eq!(alive(), 2);
    assert_eq!(tape.gradient(&y, &a)?.item(), 1.0);
    assert_eq!(alive(), 2, "a persistent tape keeps what it has");
    drop(tape);
    assert_eq!(alive(), 0);
    Ok(())
}

#[test]
fn gradients_that_nobody_asked_for_are_not_computed() -> Result<(), Error> {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    #[custom_gradient]
    fn counting(a: &Tensor, b: &Tensor) -> Tensor {
        let grad = |dy| {
            (dy * b, {
                CALLS.fetch_add(1, Ordering::SeqCst);
                dy * a
            })
        };
        (a * b, grad)
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = counting(&a, &b);
    tape.gradient(&y, &a)?;
    assert_eq!(CALLS.load(Ordering::SeqCst), 0);
    tape.gradient(&y, &b)?;
    assert_eq!(CALLS.load(Ordering::SeqCst), 1);
    Ok(())
}

#[test]
fn a_rule_runs_once_with_the_accumulated_upstream() -> Result<(), Error> {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    #[custom_gradient]
    fn counting(x: &Tensor) -> Tensor {
        let grad = |dy| {
            CALLS.fetch_add(1, Ordering::SeqCst);
            dy * 1.0
        };
        (x * 1.0, grad)
    }
    let (x, tape) = watched(3.0);
    let y = counting(&x);
    let z = &y + &y * &y;
    let aside = counting(&y);
    assert_eq!(tape.gradient(&z, &x)?.item(), 7.0);
    assert_eq!(CALLS.load(Ordering::SeqCst), 1);
    drop(aside);
    Ok(())
}

#[test]
#[should_panic(expected = "`multiply`: shapes [2, 3] and [4] do not broadcast")]
fn operators_name_themselves_and_both_shapes() {
    let _ = tf::ones::<f32>([2, 3]) * tf::ones([4]);
}

#[test]
fn an_assignment_of_another_shape_is_refused_and_changes_nothing() {
    let mut w: Variable = Variable::new([1.0, 2.0]).named("w");
    let error = w.assign(tf::constant([1.0])).unwrap_err().to_string();
    assert_eq!(error, "`assign`: variable `w` has shape [2], found [1]");
    let mut b: Variable = Variable::new(0.5);
    let wrong = optimizers::Sgd::new(0.1)
        .apply_gradients([(tf::constant(1.0), &mut b), (tf::constant([1.0]), &mut w)])
        .unwrap_err();
    assert_eq!(wrong.to_string(), "`apply_gradients`: variable `w` has shape [2], found [1]");
    assert_eq!((w.to_vec(), b.item()), (vec![1.0, 2.0], 0.5));
}
