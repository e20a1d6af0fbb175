//! What may be written: parameters, constants, exits, and forms of `grad`.

use std::sync::atomic::{AtomicUsize, Ordering};

use gradcore::prelude::*;

use crate::{Counted, gradient_of};

#[custom_gradient(elementwise)]
fn leaky_relu(x: f32, #[nondiff] slope: f32) -> f32 {
    let y = if x > 0.0 { x } else { slope * x };
    let grad = |dy| if x > 0.0 { dy } else { slope * dy };
    (y, grad)
}

#[test]
fn a_function_of_one_element_is_one_of_tensors() {
    let x = tf::constant([-1.0, 0.0, 2.0]);
    assert_eq!(leaky_relu(&x, 0.25).to_vec(), [-0.25, 0.0, 2.0]);
    assert_eq!(gradient_of(|x| leaky_relu(x, 0.25), &x).to_vec(), [0.25, 0.25, 1.0]);
}

/// Elements choose their exits one by one, and each exit has a `grad` of its own.
#[custom_gradient(elementwise)]
fn piecewise(x: f32, n: i32) -> f32 {
    if x.is_nan() {
        return (0.0, |_| None);
    }
    fn cubic(dy: f32) -> f32 {
        let square = x * x;
        3.0 * square * dy
    }
    match n {
        0 => (1.0, |_| 0.0),
        1 => {
            let grad = |dy: f32| -> f32 { dy };
            (x, grad)
        }
        3 => (x * x * x, cubic),
        _ => {
            if x < 0.0 {
                (-x, |dy| {
                    if dy == 0.0 {
                        return 0.0;
                    }
                    -dy
                })
            } else if x == 0.0 {
                (0.0, (|dy| if dy > 0.0 { Some(dy) } else { None }))
            } else {
                let y = x.sqrt();
                (y, |dy| [dy / (2.0 * y)])
            }
        }
    }
}

#[test]
fn every_exit_gives_its_own_gradient() {
    let x = tf::constant([-2.0, 0.0, 4.0, f32::NAN]);
    for (n, value, gradient) in [
        (0, [1.0, 1.0, 1.0, 0.0], [0.0; 4]),
        (1, [-2.0, 0.0, 4.0, 0.0], [1.0, 1.0, 1.0, 0.0]),
        (2, [2.0, 0.0, 2.0, 0.0], [-1.0, 1.0, 0.25, 0.0]),
        (3, [-8.0, 0.0, 64.0, 0.0], [12.0, 0.0, 48.0, 0.0]),
    ] {
        assert_eq!(piecewise(&x, n).to_vec(), value, "{n}");
        assert_eq!(gradient_of(|x| piecewise(x, n), &x).to_vec(), gradient, "{n}");
    }
}

#[derive(Clone, Copy)]
enum Side {
    Below,
    Above,
}

/// Constants by value and by reference, taken apart, unnamed, and mutable.
#[allow(clippy::too_many_arguments, reason = "one of each kind")]
#[custom_gradient(elementwise)]
fn with_constants(
    mut x: f32,
    side: Side,
    (low, high): (f32, f32),
    table: &[f32],
    name: &str,
    names: Vec<String>,
    #[nondiff] precise: f64,
    _: bool,
) -> f32 {
    let limit = match side {
        Side::Below => low,
        Side::Above => high,
    };
    x *= table[table.len() - 1] * if name.len() > names.len() { 2.0 } else { 1.0 };
    #[allow(clippy::cast_possible_truncation, reason = "it is a half")]
    let scale = precise as f32;
    let grad = |dy| if x > limit { 0.0 } else { dy * scale * table[0] * f32::from(u8::from(name == "ab")) };
    (x.min(limit) * scale, grad)
}

#[test]
fn every_other_parameter_is_a_constant() {
    let x = tf::constant([1.0, 2.0, 30.0]);
    let apply =
        |x: &Tensor| with_constants(x, Side::Above, (0.0, 9.0), &[3.0, 2.0], "ab", vec![String::new()], 0.5, true);
    assert_eq!(apply(&x).to_vec(), [2.0, 4.0, 4.5]);
    assert_eq!(gradient_of(apply, &x).to_vec(), [1.5, 1.5, 0.0]);
    let y = with_constants(&x, Side::Below, (0.0, 9.0), &[2.0], "a", vec![String::new()], 0.5, false);
    assert_eq!(y.to_vec(), [0.0, 0.0, 0.0]);
}

#[custom_gradient(elementwise)]
fn generic<T: Real>(x: T) -> T {
    let e = x.exp();
    ((1.0 + e).ln(), |dy| dy * (1.0 - 1.0 / (1.0 + e)))
}

#[test]
fn a_generic_body_is_one_for_every_dtype() {
    let x: Tensor<f64> = tf::constant([0.0, 1.0]);
    let expected = [Real::ln(2.0), Real::ln(1.0 + Real::exp(1.0f64))];
    assert_eq!(generic(&x).to_vec(), expected);
    assert_eq!(gradient_of(generic, &x).to_vec()[0], 0.5);
    let x: Tensor<f32> = tf::constant(0.0);
    assert_eq!((generic(&x).item(), gradient_of(generic, &x).item()), (2.0f32.ln(), 0.5));
}

/// Literals that mean a `T`, and those that do not.
#[custom_gradient(elementwise)]
fn literals<T: Real, const N: usize>(x: T, weights: [f64; N], tolerance: f64) -> T {
    const HALF: f64 = 0.5;
    let third: f64 = 1.0 / 3.0;
    let _: [T; 2] = [0.1, -0.2];
    assert!(tolerance < 1.5, "{}", 2.5);
    let total = weights.iter().sum::<f64>() * third * HALF;
    let y = match tolerance {
        0.25 => x * T::of(0.25 + total) + T::of(-1.5) + 1.5,
        _ => x * T::of(2.0_f64) - 0.1,
    };
    fn grad(dy: T) -> T {
        dy * if tolerance == 0.25_f64 { 0.25 + T::of(total) } else { 2.0 }
    }
    (y, grad)
}

#[test]
fn a_literal_of_a_generic_body_means_its_scalar() {
    let x: Tensor<f64> = tf::constant([1.0, -2.0]);
    let exact = |x: &Tensor<f64>| literals(x, [1.0, 2.0], 0.25);
    assert_eq!(exact(&x).to_vec(), [0.75, -1.5]);
    assert_eq!(gradient_of(exact, &x).to_vec(), [0.75; 2]);
    let x: Tensor<f32> = tf::constant(1.0);
    assert_eq!(literals(&x, [], 1.0).item(), 2.0 - 0.1f32);
    assert_eq!(gradient_of(|x| literals(x, [], 1.0), &x).item(), 2.0);
}

/// Gradients written as a tuple, as an array, and as what a call returns.
#[custom_gradient(elementwise)]
fn several(a: f64, b: f64, c: f64, form: u8) -> f64 {
    let (y, pair) = (a * b + c, |dy: f64| (dy * b, dy * a, dy));
    match form {
        0 => (y, |dy| (dy * b, dy * a, None)),
        1 => (y, |dy| [dy * b, dy * a, dy]),
        2 => (y, |dy| {
            let both = pair(dy);
            both
        }),
        _ => (y, |dy| if a > 0.0 { (dy * b, Some(dy * a), None) } else { (0.0, None, None) }),
    }
}

#[test]
fn gradients_of_several_inputs_come_in_any_form() -> Result<(), Error> {
    let [a, b, c]: [Tensor<f64>; 3] = [tf::constant([2.0, -2.0]), tf::constant([3.0, 5.0]), tf::constant([7.0, 7.0])];
    for (form, expected) in [
        (0, [[3.0, 5.0], [2.0, -2.0], [0.0, 0.0]]),
        (1, [[3.0, 5.0], [2.0, -2.0], [1.0, 1.0]]),
        (2, [[3.0, 5.0], [2.0, -2.0], [1.0, 1.0]]),
        (3, [[3.0, 0.0], [2.0, 0.0], [0.0, 0.0]]),
    ] {
        let tape = GradientTape::new();
        tape.watch((&a, &b, &c));
        let y = several(&a, &b, &c, form);
        assert_eq!(y.to_vec(), [13.0, -3.0]);
        let (da, db, dc) = tape.gradient(&y, (&a, &b, &c))?;
        assert_eq!([da.to_vec(), db.to_vec(), dc.to_vec()], expected.map(|row| row.to_vec()), "form {form}");
    }
    Ok(())
}

static RUNS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

#[custom_gradient(elementwise)]
fn counting(a: f32, b: f32) -> f32 {
    let run = |input: usize, gradient: f32| {
        RUNS[input].fetch_add(1, Ordering::SeqCst);
        gradient
    };
    (a * b, |dy| (run(0, dy * b), run(1, dy * a)))
}

#[test]
fn a_gradient_runs_if_it_is_asked_for() -> Result<(), Error> {
    let (a, b) = (tf::constant([2.0, 3.0]), tf::constant([5.0, 7.0]));
    let runs = || RUNS.each_ref().map(|runs| runs.load(Ordering::SeqCst));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = counting(&a, &b);
    assert_eq!(runs(), [0, 0]);
    assert_eq!(tape.gradient(&y, &b)?.to_vec(), [2.0, 3.0]);
    assert_eq!(runs(), [0, 2]);
    assert_eq!(tape.gradient(&y, &a)?.to_vec(), [5.0, 7.0]);
    assert_eq!(runs(), [2, 2]);
    tape.gradient(&y, (&a, &b))?;
    assert_eq!(runs(), [4, 4]);
    Ok(())
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[custom_gradient(elementwise)]
fn keeping(x: f32, counted: &Counted) -> f32 {
    assert!(counted.is_alive());
    (x * 2.0, |dy| if counted.is_alive() { dy * 2.0 } else { 0.0 })
}

#[test]
fn a_constant_is_kept_while_a_tape_needs_it() -> Result<(), Error> {
    let alive = || ALIVE.load(Ordering::SeqCst);
    let counted = Counted::new(&ALIVE);
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    let y = keeping(&x, &counted);
    assert_eq!((y.to_vec(), alive()), (vec![2.0, 4.0], 1), "no tape watches `x`, so nothing is kept");
    tape.watch(&x);
    let y = keeping(&x, &counted);
    assert_eq!(alive(), 2, "kept once, whatever the number of elements");
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [2.0, 2.0]);
    assert_eq!(alive(), 1, "a one-shot tape frees what it kept");
    Ok(())
}

#[custom_gradient(elementwise)]
fn fragile(x: f32) -> f32 {
    assert!(x < 9.0, "too much: {x}");
    (x, |dy| if x < 5.0 { dy } else { panic!("too steep") })
}

#[test]
fn a_panic_leaves_the_tape_usable() -> Result<(), Error> {
    let caught = |run: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
    let (x, small) = (tf::constant([1.0, 7.0, 10.0]), tf::constant([1.0, 7.0]));
    let tape = GradientTape::persistent();
    tape.watch((&x, &small));
    let y = fragile(&small);
    assert!(caught(&|| drop(fragile(&x))));
    assert!(caught(&|| drop(tape.gradient(&y, &small))));
    let z = &small * &small;
    assert_eq!(tape.gradient(&z, &small)?.to_vec(), [2.0, 14.0]);
    Ok(())
}

#[test]
fn it_stands_in_the_body_of_another_rule_and_in_an_impl() {
    struct Scale;
    impl Scale {
        #[custom_gradient(elementwise)]
        fn twice(x: f32) -> f32 {
            (2.0 * x, |dy| 2.0 * dy)
        }
    }
    #[custom_gradient]
    fn outer(x: &Tensor) -> Tensor {
        (Scale::twice(&Scale::twice(x)), |dy| Scale::twice(&Scale::twice(dy)))
    }
    assert_eq!(gradient_of(outer, &tf::constant([1.0, 2.0])).to_vec(), [4.0, 4.0]);
}

/// Lifetimes, a function as a constant, and a `where` clause.
#[custom_gradient(elementwise)]
fn mapped<'a, T>(x: T, name: &'a str, f: &(impl Fn(T) -> T + Clone + Send + Sync + 'static)) -> T
where
    T: Real + Copy,
{
    let factor = if name.is_empty() { 1.0 } else { 2.0 };
    (f(x) * factor, |dy| dy * factor)
}

#[test]
fn generics_of_every_kind_survive() {
    let x: Tensor<f64> = tf::constant([1.0, -2.0]);
    let apply = |x: &Tensor<f64>| mapped(x, "name", &|x: f64| x + 1.0);
    assert_eq!(apply(&x).to_vec(), [4.0, -2.0]);
    assert_eq!(gradient_of(apply, &x).to_vec(), [2.0, 2.0]);
}

#[test]
fn a_literal_none_lets_no_gradient_through() -> Result<(), Error> {
    // Public specification 002: rounding with an offset, which gets no gradient.
    #[custom_gradient(elementwise)]
    fn round_with_offset<T: Real>(x: T, offset: T) -> T {
        ((x - offset).round_ties_even() + offset, |dy| (dy, None))
    }
    #[custom_gradient(elementwise)]
    fn zero<T: Real>(x: T, g: T) -> T {
        (x * g, |dy| (dy * g, 0.0))
    }
    let (x, offset): (Tensor, Tensor) = (tf::constant([0.7, 2.5]), tf::constant(0.25));
    let tape = GradientTape::persistent();
    tape.watch((&x, &offset));
    let y = round_with_offset(&x, &offset);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [1.0, 1.0]);
    let error = tape.gradient(&y, &offset).expect_err("no gradient").to_string();
    assert!(error.contains("no gradient flows through `round_with_offset`"), "{error}");
    assert_eq!(tape.gradient(zero(&x, &offset), &offset)?.item(), 0.0);
    Ok(())
}
