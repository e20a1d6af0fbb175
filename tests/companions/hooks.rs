//! Hooks on a tensor's gradient: they see it complete, once, and may put another in its place.

use std::cell::RefCell;
use std::rc::Rc;

use gradcore::prelude::*;

use crate::panic_of;

/// What hooks have seen, in order.
type Seen = Rc<RefCell<Vec<(&'static str, Vec<f32>)>>>;

/// A hook that notes what it sees, under a name.
fn note(seen: &Seen, name: &'static str) -> impl Fn(&Tensor) + 'static {
    let seen = Rc::clone(seen);
    move |g| seen.borrow_mut().push((name, g.to_vec()))
}

fn taken(seen: &Seen) -> Vec<(&'static str, Vec<f32>)> {
    seen.take()
}

#[test]
fn a_hook_sees_the_sum_of_what_reaches_its_tensor_once() -> Result<(), Error> {
    let seen = Seen::default();
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let h = &x * 3.0;
    let y = &h * &h + &h * 10.0;
    for (tensor, name) in [(&x, "x"), (&h, "h"), (&y, "y")] {
        tape.register_hook(tensor, note(&seen, name))?;
    }
    // dy/dh = 2 h + 10, and h = 3 x.
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [48.0, 66.0]);
    assert_eq!(taken(&seen), [("y", vec![1.0, 1.0]), ("h", vec![16.0, 22.0]), ("x", vec![48.0, 66.0])]);
    Ok(())
}

#[test]
fn what_it_returns_takes_the_gradients_place() -> Result<(), Error> {
    let seen = Seen::default();
    let (x, w) = (tf::constant([1.0, -20.0]), Variable::new([1.0, 1.0]));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let h = &x * &w;
    let y = &h * &h;
    tape.register_hook(&h, |g| g * 10.0)?;
    tape.register_hook(&h, note(&seen, "then"))?;
    tape.register_hook(&h, |g| tf::clip_by_value(g, -25.0, 25.0))?;
    tape.register_hook(&h, |g| (g.rank() == 7).then(|| g * 0.0))?;
    tape.register_hook(&w, |g| -g)?;
    let (dh, dx, dw) = tape.gradient(&y, (&h, &x, &w))?;
    assert_eq!(taken(&seen), [("then", vec![20.0, -400.0])]);
    assert_eq!(dh.to_vec(), [20.0, -25.0], "a source on the way");
    assert_eq!(dx.to_vec(), [20.0, -25.0]);
    assert_eq!(dw.to_vec(), [-20.0, -500.0], "a source at the end");
    assert_eq!(tape.gradient(&y, &w)?.to_vec(), [-20.0, -500.0], "in every pass");
    Ok(())
}

#[test]
fn a_hook_runs_only_where_its_gradient_is_needed() -> Result<(), Error> {
    let seen = Seen::default();
    let (x, w) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &w));
    let h = &x * 2.0;
    let aside = &x * 5.0;
    let y = &h * &w;
    for (tensor, name) in [(&x, "x"), (&w, "w"), (&h, "h"), (&aside, "aside"), (&y, "y")] {
        tape.register_hook(tensor, note(&seen, name))?;
    }
    assert_eq!(tape.gradient(&y, &w)?.item(), 4.0);
    assert_eq!(taken(&seen), [("y", vec![1.0]), ("w", vec![4.0])]);
    assert_eq!(tape.gradient(&y, &h)?.item(), 3.0);
    assert_eq!(taken(&seen), [("y", vec![1.0]), ("h", vec![3.0])]);
    assert_eq!(tape.gradient(&aside, &x)?.item(), 5.0);
    assert_eq!(taken(&seen), [("aside", vec![1.0]), ("x", vec![5.0])]);
    assert!(tape.gradient(&y, &aside).is_err());
    assert_eq!(taken(&seen), []);
    Ok(())
}

#[test]
fn outputs_of_one_rule_and_targets_have_hooks_of_their_own() -> Result<(), Error> {
    #[custom_gradient]
    fn both(x: &Tensor) -> (Tensor, Tensor) {
        ((x * 1.0, x * 2.0), |da, db| da + db * 2.0)
    }
    let seen = Seen::default();
    let x = tf::constant(1.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let (a, b) = both(&x);
    tape.register_hook(&b, note(&seen, "b"))?;
    tape.register_hook(&a, |g| g * 100.0)?;
    let gradient = tape.gradient_with((&a, &b), &x, output_gradients((tf::constant(3.0), tf::constant(5.0))))?;
    assert_eq!(gradient.item(), 310.0);
    assert_eq!(taken(&seen), [("b", vec![5.0])]);
    Ok(())
}

#[test]
fn a_variable_may_be_hooked_before_it_is_read() -> Result<(), Error> {
    let w: Variable<f64> = Variable::new(3.0);
    let tape = GradientTape::new();
    tape.register_hook(&w, |g| g * 2.0)?;
    let y = &w * &w;
    assert_eq!(tape.gradient(&y, &w)?.item(), 12.0);
    Ok(())
}

#[test]
fn what_hooks_compute_has_derivatives() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let h = &x * 1.0;
    inner.register_hook(&h, |g| g * g)?;
    // The hook squares 3 h², so that the derivative is 9 x⁴, and its own 36 x³.
    let first = inner.gradient(&h * &h * &h, &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (144.0, 288.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    tape.register_hook(&x, |g| g * g)?;
    let first = tape.gradient(&x * &x * &x, &x)?;
    // In the second pass the hook sees 36 x³, which it squares.
    assert_eq!((first.item(), tape.gradient(&first, &x)?.item()), (144.0, 288.0 * 288.0));
    Ok(())
}

#[test]
fn another_shape_is_named() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (h, line) = (&x * 2.0, line!() + 1);
    tape.register_hook(&h, |g| tf::reduce_sum(g, ..))?;
    let error = tape.gradient(&h * &h, &x).expect_err("another shape");
    let Error::HookShape { registered, expected, found } = &error else { panic!("{error}") };
    assert_eq!((registered.line(), &**expected, &**found), (line, &[2][..], &[][..]));
    let text = error.to_string();
    assert!(text.starts_with("the hook registered at tests/companions/hooks.rs:"), "{text}");
    assert!(text.ends_with("returned a gradient of shape [], expected [2], that of its tensor"), "{text}");
    assert_eq!(tape.gradient(&x * &x, &x)?.to_vec(), [2.0, 4.0]);
    Ok(())
}

#[test]
fn a_tensor_that_the_tape_does_not_know_is_refused() {
    let (x, constant) = (tf::constant(2.0), tf::constant([1.0, 2.0]));
    let tape = GradientTape::new();
    tape.watch(&x);
    let error = tape.register_hook(&(&constant * 2.0), |_| ()).expect_err("unknown").to_string();
    let expected = "`register_hook`: expected a tensor that the tape watches, or has seen computed from one, found one of \
                    shape [2] that it does not know";
    assert_eq!(error, expected);
}

#[test]
fn a_hook_that_panics_leaves_tapes_usable() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let (outer, tape) = (GradientTape::persistent(), GradientTape::persistent());
    outer.watch(&x);
    tape.watch(&x);
    let h = &x * 2.0;
    tape.register_hook(&h, |g| assert_eq!(g.item(), 0.0, "on purpose"))?;
    assert!(panic_of(|| tape.gradient(&h * 3.0, &x)).contains("on purpose"));
    let first = tape.gradient(&x * &x * &x, &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (12.0, 12.0));
    Ok(())
}

#[test]
fn a_hook_may_use_the_tape() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = Rc::new(GradientTape::persistent());
    tape.watch(&x);
    let h = &x * 1.0;
    let (of_h, other) = (Rc::clone(&tape), x.clone());
    tape.register_hook(&h, move |g| g * of_h.gradient(&other * &other, &other).expect("a gradient"))?;
    assert_eq!(tape.gradient(&h * 2.0, &x)?.item(), 12.0);
    Ok(())
}
