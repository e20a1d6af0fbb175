//! A tensor that the call before has used is looked up as any other: what a body returns or captures is noticed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gradcore::prelude::*;

/// 1 + e³
const EXPECTED: f32 = 21.085_537;

#[track_caller]
fn assert_close(found: &Tensor, expected: f32) {
    assert!((found.item() - expected).abs() < 1e-5, "{found}, not {expected}");
}

/// The gradient at 3 of what `f` makes of x and of eˣ, which is computed just before.
#[track_caller]
fn assert_gradient(f: impl Fn(&Tensor, Tensor) -> Tensor) {
    let x = tf::constant(3.0);
    let (tape, persistent) = (GradientTape::new(), GradientTape::persistent());
    tape.watch(&x);
    let y = f(&x, tf::exp(&x));
    assert_close(&tape.gradient(&y, &x).expect("by one tape"), EXPECTED);
    persistent.watch(&x);
    let y = f(&x, tf::exp(&x));
    assert_close(&persistent.gradient(&y, &x).expect("by a persistent tape"), EXPECTED);
    drop(persistent);

    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = f(&x, tf::exp(&x));
    let first = inner.gradient(&y, &x).expect("by the inner tape");
    assert_close(&first, EXPECTED);
    assert_close(&outer.gradient(&first, &x).expect("by the outer tape"), EXPECTED - 1.0);

    let forward = ForwardAccumulator::new(&x, tf::constant(1.0)).expect("a scalar moves");
    let y = f(&x, tf::exp(&x));
    assert_close(&forward.jvp(&y).expect("in forward mode"), EXPECTED);
    drop(forward);
    assert_close(&functional_gradient(&f, &x), EXPECTED);
}

fn functional_gradient(f: impl Fn(&Tensor, Tensor) -> Tensor, x: &Tensor) -> Tensor {
    gradcore::functional::grad(|x: &Tensor| f(x, tf::exp(x)), x).expect("by a function")
}

#[test]
fn a_recomputed_function_may_return_its_argument_as_it_is() {
    let skip = tf::recompute_grad(|x: &Tensor| x.clone());
    assert_gradient(|x, e| skip(x) + e);
}

#[test]
fn a_recomputed_function_may_return_what_it_captured_as_it_is() {
    assert_gradient(|x, e| {
        let captured = x.clone();
        tf::recompute_grad(move |_: &Tensor| captured.clone())(&tf::constant(0.0)) + e
    });
}

#[test]
fn a_recomputed_function_may_return_its_argument_beside_something_else() {
    let both = tf::recompute_grad(|x: &Tensor, e: &Tensor| (x.clone(), e * 2.0, e.clone()));
    assert_gradient(|x, e| {
        let (same, twice, once) = both(x, &e);
        same + twice - once
    });
}

#[test]
fn a_recomputed_function_within_another_may_return_its_argument() {
    let skip = tf::recompute_grad(|x: &Tensor| tf::recompute_grad(|x: &Tensor| x.clone())(x));
    assert_gradient(|x, e| skip(x) + e);
    let after_a_call = tf::recompute_grad(|x: &Tensor| {
        let _unused = tf::exp(x);
        x.clone()
    });
    assert_gradient(|x, e| after_a_call(x) + e);
}

#[test]
fn a_recomputed_function_may_return_a_variable_as_it_is() -> Result<(), Error> {
    let skip = tf::recompute_grad(|w: &Variable| -> Tensor { Clone::clone(&**w) });
    let w: Variable = Variable::new(3.0);
    let tape = GradientTape::new();
    let e = tf::exp(&w);
    let y = skip(&w) + e;
    assert_close(&tape.gradient(&y, &w)?, EXPECTED);
    Ok(())
}

/// What panics with the text that a gradient would be lost.
#[track_caller]
fn assert_lost<R>(f: impl FnOnce() -> R) {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(f()))).expect_err("the gradient would be lost");
    let message = panic.downcast_ref::<String>().expect("a text");
    assert!(message.contains("which is none of its inputs: its gradient would be lost"), "{message}");
}

/// A tape that is stopped looks at nothing, so what is used meanwhile is still to be looked at.
#[test]
fn what_a_body_uses_while_its_tape_is_stopped_is_noticed_when_it_is_returned() {
    let (x, w) = (tf::constant(3.0), tf::constant(2.0));
    for persistent in [false, true] {
        let (one, many) = (GradientTape::new(), GradientTape::persistent());
        let stop = || if persistent { many.stop_recording() } else { one.stop_recording() };
        let lost = |use_w: &dyn Fn() -> Tensor| {
            #[custom_gradient(closure)]
            fn returns(x: &Tensor) -> Tensor {
                assert_eq!(x.rank(), 0);
                (use_w(), |dy| dy)
            }
            returns(&x)
        };
        match persistent {
            true => many.watch((&x, &w)),
            false => one.watch((&x, &w)),
        }
        assert_lost(|| {
            lost(&|| {
                let stopped = stop();
                let _unused = tf::exp(&w);
                drop(stopped);
                w.clone()
            })
        });
    }
}

/// What a rule inside may use because it is `#[nondiff]` there, the rule around it may not return; its `grad` may use it, for that
/// loses nothing.
#[test]
fn what_an_inner_rule_knows_is_noticed_in_the_outer_one() {
    #[custom_gradient]
    fn inner(x: &Tensor, #[nondiff] n: &Tensor) -> Tensor {
        (x * n, |dy| dy * n)
    }
    #[custom_gradient]
    fn captures(x: &Tensor, n: &NotAnInput) -> Tensor {
        let n = n.0.clone();
        let y = inner(x, &n);
        (y, |dy| dy * n)
    }
    #[custom_gradient]
    fn returns(x: &Tensor, n: &NotAnInput) -> (Tensor, Tensor) {
        let y = inner(x, &n.0);
        ((y, n.0.clone()), |dy, _| dy)
    }
    let (x, n) = (tf::constant(3.0), NotAnInput(tf::constant(2.0)));
    let tape = GradientTape::persistent();
    tape.watch((&x, &n.0));
    assert_lost(|| returns(&x, &n));
    let y = captures(&x, &n);
    assert_eq!(tape.gradient(&y, &x).expect("a gradient").item(), 2.0);
    assert!(tape.gradient(&y, &n.0).is_err());
}

/// A type that hides a tensor from the macro.
#[derive(Clone)]
struct NotAnInput(Tensor);
