//! The `let`s of `grad` run, at most once, for the gradients that use them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

use crate::economy::Counted;

/// A computation that counts how often it runs.
fn counted(calls: &AtomicUsize, x: &Tensor) -> Tensor {
    calls.fetch_add(1, Ordering::SeqCst);
    x * 1.0
}

#[test]
fn a_let_of_grad_runs_at_most_once_and_only_for_a_gradient_that_uses_it() -> Result<(), Error> {
    static OF_BOTH: AtomicUsize = AtomicUsize::new(0);
    static OF_A: AtomicUsize = AtomicUsize::new(0);
    static OF_B: AtomicUsize = AtomicUsize::new(0);
    #[custom_gradient]
    fn three(a: &Tensor, b: &Tensor, c: &Tensor) -> Tensor {
        let grad = |dy| {
            let both = counted(&OF_BOTH, dy);
            let (of_a, one) = (counted(&OF_A, &both), 1);
            let through: Tensor = counted(&OF_B, a) * &both;
            let of_b = &tf::exp(through * 0.0);
            (of_a * b * one, of_b * a * &both, dy)
        };
        (a * b + c, grad)
    }
    let counts = || [&OF_BOTH, &OF_A, &OF_B].map(|calls| calls.swap(0, Ordering::SeqCst));
    let (a, b, c) = (tf::constant(2.0), tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b, &c));
    let y = three(&a, &b, &c);
    assert_eq!(tape.gradient(&y, &c)?.item(), 1.0);
    assert_eq!(counts(), [0, 0, 0]);
    assert_eq!(tape.gradient(&y, &a)?.item(), 3.0);
    assert_eq!(counts(), [1, 1, 0]);
    assert_eq!(tape.gradient(&y, &b)?.item(), 2.0);
    assert_eq!(counts(), [1, 0, 1]);
    let (da, db) = tape.gradient(&y, (&a, &b))?;
    assert_eq!((da.item(), db.item()), (3.0, 2.0));
    assert_eq!(counts(), [1, 1, 1]);
    Ok(())
}

#[test]
fn a_let_that_is_left_out_keeps_nothing() -> Result<(), Error> {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    #[custom_gradient]
    fn through_lets(a: &Tensor, b: &Tensor, #[nondiff] of_a: Counted, #[nondiff] of_b: Counted) -> Tensor {
        let grad = |dy| {
            let first = if format!("{of_a:?}").is_empty() { 0.0 } else { 1.0 };
            let second = if format!("{of_b:?}").is_empty() { 0.0 } else { 2.0 };
            assert!(dy.rank() == 0);
            (dy * first, dy * second)
        };
        (a + b, grad)
    }
    let alive = || ALIVE.load(Ordering::SeqCst);
    let (a, b) = (tf::constant(1.0), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch(&b);
    let y = through_lets(&a, &b, Counted::new(&ALIVE), Counted::new(&ALIVE));
    assert_eq!(alive(), 1, "only what the gradient of `b` uses through its `let` is kept");
    assert_eq!(tape.gradient(&y, &b)?.item(), 2.0);
    assert_eq!(alive(), 0);
    Ok(())
}

#[test]
fn effects_happen_always_and_in_order() -> Result<(), Error> {
    static LOG: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());
    fn log(entry: &'static str) {
        LOG.lock().expect("no test panics while it writes").push(entry);
    }
    fn logged(entry: &'static str, x: &Tensor) -> Tensor {
        log(entry);
        x * 1.0
    }
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let grad = |dy| {
            log("first");
            let of_a = logged("of a", dy);
            let mut steps = 0;
            steps += 1;
            let of_b = {
                log("with an effect");
                dy * 1.0
            };
            log("last");
            (of_a * b * steps, of_b * a)
        };
        (a * b, grad)
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let entries = || std::mem::take(&mut *LOG.lock().expect("no test panics while it writes"));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = f(&a, &b);
    tape.gradient(&y, &a)?;
    assert_eq!(entries(), ["first", "of a", "with an effect", "last"]);
    tape.gradient(&y, &b)?;
    assert_eq!(entries(), ["first", "with an effect", "last"]);
    Ok(())
}

#[test]
fn what_a_let_borrows_or_cannot_clone_is_seen_all_the_same() -> Result<(), Error> {
    #[derive(Debug)]
    struct Factor(f32);
    fn largest(values: &[f32]) -> &f32 {
        values.iter().max_by(|a, b| a.total_cmp(b)).expect("not empty")
    }
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor) -> Tensor {
        let values = vec![1.0, 4.0];
        let grad = |dy| {
            let borrowed = largest(&values);
            let factor = Factor(*borrowed);
            let slope = &tf::exp(dy * 0.0);
            let dy = dy * factor.0;
            (&dy * *borrowed, dy * slope)
        };
        (a * b, grad)
    }
    let (a, b) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = f(&a, &b);
    assert_eq!((tape.gradient(&y, &a)?.item(), tape.gradient(&y, &b)?.item()), (16.0, 4.0));
    Ok(())
}

/// The gradient of q, which is the only one that is asked for.
fn of_q(q: &Tensor, f: impl Fn() -> Tensor) -> Result<f32, Error> {
    let tape = GradientTape::new();
    tape.watch(q);
    tape.gradient(f(), q).map(|dq| dq.item())
}

#[test]
fn what_statements_share_they_see_alike() -> Result<(), Error> {
    #[custom_gradient]
    fn used_twice(p: &Tensor, q: &Tensor) -> Tensor {
        let grad = |dy| {
            let a = tf::exp(p * 0.0);
            let s = dy * p;
            assert!(p.size() > 0 && !format!("{p}").is_empty());
            (&s * a, s * q)
        };
        (p * q, grad)
    }
    #[custom_gradient]
    fn counted_in_a_cell(p: &Tensor, q: &Tensor, r: &Tensor) -> Tensor {
        let grad = |dy| {
            let n = std::cell::Cell::new(0.0);
            let next = |n: &std::cell::Cell<f32>| {
                n.set(n.get() + 1.0);
                n.get()
            };
            let a = next(&n);
            let b = next(&n);
            (dy * a, dy * b, dy)
        };
        (p + q + r, grad)
    }
    #[custom_gradient]
    fn shadowed(p: &Tensor, q: &Tensor) -> Tensor {
        let grad = |dy| {
            let (a, b) = (p * 1.0, 2.0);
            let a = a * 2.0;
            let c = a * b;
            (dy * c, dy * 3.0)
        };
        (p * q, grad)
    }
    let (p, q, r) = (tf::constant(5.0), tf::constant(7.0), tf::constant(1.0));
    assert_eq!(of_q(&q, || used_twice(&p, &q))?, 35.0);
    assert_eq!(of_q(&q, || counted_in_a_cell(&p, &q, &r))?, 2.0);
    assert_eq!(of_q(&q, || shadowed(&p, &q))?, 3.0);
    let tape = GradientTape::new();
    tape.watch(&p);
    assert_eq!(tape.gradient(shadowed(&p, &q), &p)?.item(), 20.0);
    Ok(())
}

#[test]
fn an_iterator_goes_on_for_every_gradient() -> Result<(), Error> {
    #[custom_gradient]
    fn iterated(p: &Tensor, q: &Tensor, ks: Vec<f32>) -> Tensor {
        let grad = |dy| {
            let mut it = ks.iter();
            let a = it.next().expect("a first");
            let b = it.next().expect("a second");
            (dy * *a, dy * *b)
        };
        (p * q, grad)
    }
    #[custom_gradient]
    fn iterated_in_place(p: &Tensor, q: &Tensor) -> Tensor {
        let grad = |dy| {
            let mut ks = [2.0, 3.0].into_iter();
            (dy * ks.next().expect("a first"), dy * ks.next().expect("a second"))
        };
        (p * q, grad)
    }
    let (p, q) = (tf::constant(5.0), tf::constant(7.0));
    assert_eq!(of_q(&q, || iterated(&p, &q, vec![2.0, 3.0]))?, 3.0);
    assert_eq!(of_q(&q, || iterated_in_place(&p, &q))?, 3.0);
    Ok(())
}

#[test]
fn a_method_of_a_static_runs_always() -> Result<(), Error> {
    struct Statistics {
        runs: AtomicUsize,
    }
    static STATISTICS: Statistics = Statistics { runs: AtomicUsize::new(0) };
    static COUNTS: [AtomicUsize; 1] = [AtomicUsize::new(0)];
    #[custom_gradient]
    fn f(p: &Tensor, q: &Tensor) -> Tensor {
        let grad = |dy| {
            let a = STATISTICS.runs.fetch_add(1, Ordering::SeqCst);
            let b = COUNTS[0].fetch_add(1, Ordering::SeqCst);
            (if a + b == 0 { dy * q } else { dy * 1.0 }, dy * p)
        };
        (p * q, grad)
    }
    let (p, q) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch(&q);
    assert_eq!(tape.gradient(f(&p, &q), &q)?.item(), 2.0);
    assert_eq!((STATISTICS.runs.load(Ordering::SeqCst), COUNTS[0].load(Ordering::SeqCst)), (1, 1));
    Ok(())
}

#[test]
fn what_one_gradient_alone_uses_it_has_whole() -> Result<(), Error> {
    struct Slope(Tensor);
    impl Slope {
        fn into_tensor(self) -> Tensor {
            self.0
        }
    }
    #[custom_gradient]
    fn f(p: &Tensor, q: &Tensor, k: Rc<RefCell<f32>>) -> Tensor {
        let grad = |dy| {
            let k = k.borrow();
            let slope = Slope(dy * p);
            (dy * *k, slope.into_tensor())
        };
        (p * q, grad)
    }
    let (p, q) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&p, &q));
    let y = f(&p, &q, Rc::new(RefCell::new(7.0)));
    assert_eq!((tape.gradient(&y, &p)?.item(), tape.gradient(&y, &q)?.item()), (7.0, 2.0));
    let (dp, dq) = tape.gradient(&y, (&p, &q))?;
    assert_eq!((dp.item(), dq.item()), (7.0, 2.0));
    Ok(())
}

#[test]
fn what_tells_by_its_name_that_it_changes_something_runs_always() -> Result<(), Error> {
    static IDS: AtomicUsize = AtomicUsize::new(1);
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor, calls: Rc<std::cell::Cell<u8>>) -> Tensor {
        let grad = |dy| {
            let before = calls.replace(calls.get() + 1);
            let id = format!("{}", IDS.fetch_add(1, Ordering::SeqCst));
            let n: std::cell::Cell<f32> = std::cell::Cell::default();
            let first = n.replace(5.0);
            (dy * b * f32::from(before) * first * if id.is_empty() { 0.0 } else { 1.0 }, dy * a * n.get())
        };
        (a * b, grad)
    }
    let (a, b, calls) = (tf::constant(1.0), tf::constant(1.0), Rc::new(std::cell::Cell::new(0)));
    let tape = GradientTape::new();
    tape.watch(&b);
    assert_eq!(tape.gradient(f(&a, &b, calls.clone()), &b)?.item(), 5.0);
    assert_eq!((calls.get(), IDS.load(Ordering::SeqCst)), (1, 2));
    Ok(())
}

#[test]
fn a_width_in_a_format_string_is_a_use() -> Result<(), Error> {
    #[custom_gradient]
    fn f(a: &Tensor, b: &Tensor, c: &Tensor, k: usize) -> Tensor {
        let grad = |dy| {
            let width = k * 2;
            let shown = format!("{:>width$}", 1);
            let is_wide = if shown.len() == 4 { 1.0 } else { 0.0 };
            (dy * is_wide, dy * if width == 4 { 1.0 } else { 0.0 }, dy)
        };
        (a + b + c, grad)
    }
    let (a, b) = (tf::constant(1.0), tf::constant(1.0));
    let tape = GradientTape::new();
    tape.watch(&a);
    assert_eq!(tape.gradient(f(&a, &b, &b, 2), &a)?.item(), 1.0);
    Ok(())
}
