//! A tape stays on its thread; tensors travel. (That a tape cannot be sent is `tests/ui/tape/other_thread.rs`.)

use std::thread;

use gradcore::prelude::*;

use crate::watched;

/// n x³ by operations, and its two derivatives, n (3 x², 6 x).
fn derivatives(n: f32, x: &Tensor) -> Result<(f32, f32), Error> {
    let tape = GradientTape::persistent();
    tape.watch(x);
    let y = x * x * x * n;
    let first = tape.gradient(&y, x)?;
    let second = tape.gradient(&first, x)?;
    Ok((first.item(), second.item()))
}

#[test]
fn threads_record_independently() {
    let x = tf::constant(2.0);
    let record = |n: u8| {
        let x = x.clone();
        move || (0..200).all(|_| derivatives(f32::from(n), &x) == Ok((12.0 * f32::from(n), 12.0 * f32::from(n))))
    };
    let threads: Vec<_> = (1..=4).map(|n| thread::spawn(record(n))).collect();
    assert!(threads.into_iter().all(|thread| thread.join().expect("no thread panics")));
}

#[test]
fn what_another_thread_computes_is_constant() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let there = thread::scope(|scope| scope.spawn(|| &x * &x).join().expect("no thread panics"));
    assert!(tape.gradient(&x * &there, &x)?.item() == 9.0);
    Ok(())
}

#[test]
fn a_tape_at_the_end_of_its_thread() {
    thread_local! {
        static KEPT: std::cell::RefCell<Option<(PersistentTape, Tensor)>> = const { std::cell::RefCell::new(None) };
    }
    let thread = thread::spawn(|| {
        let x = tf::constant(3.0);
        let tape = GradientTape::persistent();
        tape.watch(&x);
        let y = &x * &x;
        KEPT.set(Some((tape, y)));
    });
    assert!(thread.join().is_ok());
}
