//! Nothing unneeded is kept or computed.

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

use crate::watched;

/// A capture that counts how many of it are alive.
#[derive(Debug)]
pub(crate) struct Counted(&'static AtomicUsize);

impl Counted {
    pub(crate) fn new(alive: &'static AtomicUsize) -> Self {
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

/// x, and a count of the tapes that keep it.
#[custom_gradient]
fn counted_identity(x: &Tensor, #[nondiff] alive: Counted) -> Tensor {
    let grad = |dy| if format!("{alive:?}").is_empty() { dy * 0.0 } else { dy * 1.0 };
    (x * 1.0, grad)
}

#[test]
fn nodes_are_freed_as_a_pass_goes() -> Result<(), Error> {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    static MOST_BEFORE_THE_FIRST: AtomicUsize = AtomicUsize::new(usize::MAX);
    #[custom_gradient]
    fn first(x: &Tensor) -> Tensor {
        let grad = |dy| {
            MOST_BEFORE_THE_FIRST.store(ALIVE.load(Ordering::SeqCst), Ordering::SeqCst);
            dy * 1.0
        };
        (x * 1.0, grad)
    }
    let chain = |x: &Tensor| (0..100).fold(first(x), |y, _| counted_identity(&y, Counted::new(&ALIVE)));
    let (x, tape) = watched(1.0);
    let y = chain(&x);
    assert_eq!(ALIVE.load(Ordering::SeqCst), 100);
    assert_eq!(tape.gradient(&y, &x)?.item(), 1.0);
    assert_eq!(MOST_BEFORE_THE_FIRST.load(Ordering::SeqCst), 0);
    let (x, tape) = watched(1.0);
    let y = chain(&x);
    drop(tape);
    assert_eq!((ALIVE.load(Ordering::SeqCst), y.item()), (0, 1.0));
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
fn the_rule_that_made_a_source_does_not_run() -> Result<(), Error> {
    #[custom_gradient]
    fn never(x: &Tensor) -> Tensor {
        let grad = |dy: &Tensor| -> Tensor { panic!("nobody asked for the gradient of x, and {dy} came") };
        (x * 2.0, grad)
    }
    let (x, tape) = watched(3.0);
    let h = never(&x);
    assert_eq!(tape.gradient(&h * &h, &h)?.item(), 12.0);
    Ok(())
}
