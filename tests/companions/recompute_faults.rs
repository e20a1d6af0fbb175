//! `recompute_grad` of functions that fail, or do something else when they run again.

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
