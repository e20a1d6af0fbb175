//! `recompute_grad`: the arguments alone are kept, and the function runs again for the gradient.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use gradcore::prelude::*;

use crate::{derivatives, gradient_at, panic_of};

/// x³ in ten steps, each of which keeps something that counts how many of it are alive.
fn long(x: &Tensor, alive: &Arc<()>) -> Tensor {
    #[custom_gradient]
    fn step(x: &Tensor, alive: &Arc<()>) -> Tensor {
        (x * 1.0, |dy| {
            assert!(Arc::strong_count(alive) > 0);
            dy * 1.0
        })
    }
    (0..10).fold(x * x * x, |y, _| step(&y, alive))
}

#[test]
fn nothing_in_between_is_kept() -> Result<(), Error> {
    let alive = Arc::new(());
    let g = tf::recompute_grad(long);
    let x = tf::constant(2.0);
    let (plain, tape) = (GradientTape::persistent(), GradientTape::persistent());
    plain.watch(&x);
    let y = long(&x, &alive);
    assert_eq!(Arc::strong_count(&alive), 11);
    drop((plain, y));
    tape.watch(&x);
    let y = g(&x, &alive);
    assert_eq!(Arc::strong_count(&alive), 2, "the argument");
    assert_eq!(tape.gradient(&y, &x)?.item(), 12.0);
    drop(tape);
    assert_eq!(Arc::strong_count(&alive), 1);
    Ok(())
}

/// Row 93.
#[test]
fn the_function_runs_once_and_once_more_for_its_gradient() -> Result<(), Error> {
    let runs = Rc::new(Cell::new(0));
    let counted = Rc::clone(&runs);
    let g = tf::recompute_grad(move |x: &Tensor, w: &Variable, unused: &Tensor| {
        counted.set(counted.get() + 1);
        assert_eq!(unused.size(), 1);
        tf::reduce_sum(x * w, ..)
    });
    let (x, w, unused) = (tf::constant([1.0, 2.0]), Variable::new([3.0, 2.0]), tf::constant(1.0));
    let _ = g(&x, &w, &unused);
    assert_eq!(runs.get(), 1, "without a tape it just runs");
    let tape = GradientTape::new();
    tape.watch((&x, &unused));
    let y = g(&x, &w, &unused);
    assert_eq!(runs.get(), 2);
    let options = unconnected_gradients(UnconnectedGradients::Zero);
    let (dx, dw, zero) = tape.gradient_with(&y, (&x, &w, &unused), options)?;
    assert_eq!(runs.get(), 3);
    assert_eq!((dx.to_vec(), dw.to_vec(), zero.item()), (vec![3.0, 2.0], vec![1.0, 2.0], 0.0));
    Ok(())
}

/// Row 94, where TensorFlow gives `None` for the tensors.
#[test]
fn a_gradient_reaches_what_is_captured() -> Result<(), Error> {
    let (x, factor) = (tf::constant(2.0), tf::constant(5.0));
    let w = Rc::new(Variable::new(3.0).named("w"));
    let g = {
        let (factor, w) = (factor.clone(), Rc::clone(&w));
        tf::recompute_grad(move |x: &Tensor| x * &factor * &*w)
    };
    let tape = GradientTape::new();
    tape.watch((&x, &factor));
    let h = &factor * 1.0;
    let on_the_way = tf::recompute_grad({
        let h = h.clone();
        move |x: &Tensor| x * &h
    });
    let y = g(&x) + on_the_way(&x);
    let (dx, dfactor, dw) = tape.gradient(&y, (&x, &factor, &*w))?;
    assert_eq!((dx.item(), dfactor.item(), dw.item()), (20.0, 8.0, 10.0));

    let tape = GradientTape::new();
    assert_eq!(tape.gradient(g(&x), &*w)?.item(), 10.0, "a variable is watched when it is read");
    let tape = GradientTape::new();
    let error = tape.gradient(g(&x), &factor).expect_err("unwatched");
    assert!(error.to_string().contains("never watched"), "{error}");
    Ok(())
}

/// Row 95, where TensorFlow draws others.
#[test]
fn the_same_random_numbers_are_drawn_again() -> Result<(), Error> {
    fn dropout(x: &Tensor) -> Tensor {
        let noise: Tensor = tf::random::uniform([x.size()], ..);
        x * tf::where_(tf::greater_equal(noise, 0.5), 2.0, 0.0)
    }
    let x: Tensor = tf::ones([64]);
    let twice = tf::recompute_grad(|x: &Tensor| dropout(&tf::recompute_grad(dropout)(x)));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (y, other) = (twice(&x), twice(&x));
    assert_ne!(y.to_vec(), other.to_vec());
    tf::random::set_seed(3);
    let undisturbed: Tensor = tf::random::uniform([4], ..);
    tf::random::set_seed(3);
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), y.to_vec());
    assert_eq!(tape.gradient(&other, &x)?.to_vec(), other.to_vec());
    let goes_on: Tensor = tf::random::uniform([4], ..);
    assert_eq!(goes_on.to_vec(), undisturbed.to_vec());
    Ok(())
}

/// Row 96: x³ at 2. The third order is that of the tests of TensorFlow.
#[test]
fn derivatives_of_any_order() -> Result<(), Error> {
    let cube = tf::recompute_grad(|x: &Tensor| x * x * x);
    assert_eq!(derivatives(&cube, 2.0)?, [12.0, 12.0, 6.0]);
    let nested = tf::recompute_grad(|x: &Tensor| tf::recompute_grad(|x: &Tensor| x * x)(x) * x);
    assert_eq!(derivatives(&nested, 2.0)?, [12.0, 12.0, 6.0]);
    // A tensor on the way from the source, so that the outer tapes have to see through it.
    assert_eq!(derivatives(|x| cube(&(x * 2.0)) / 8.0, 2.0)?, [12.0, 12.0, 6.0]);

    let persistent = GradientTape::persistent();
    let x = tf::constant(2.0);
    persistent.watch(&x);
    let first = persistent.gradient(nested(&x), &x)?;
    let second = persistent.gradient(&first, &x)?;
    assert_eq!(persistent.gradient(&second, &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn three_orders_of_a_product_agree_with_the_plain_function() -> Result<(), Error> {
    let f = |x: &Tensor| tf::reduce_sum(tf::tanh(x) * tf::tanh(x * 2.0), ..);
    let (plain, again) = (derivatives(f, 0.4)?, derivatives(tf::recompute_grad(f), 0.4)?);
    for (plain, again) in plain.iter().zip(again) {
        assert!((plain - again).abs() <= 1e-5 * plain.abs(), "{plain} and {again}");
    }
    Ok(())
}

/// Row 97, where TensorFlow has no answer.
#[test]
fn forward_mode_goes_through() -> Result<(), Error> {
    let w = Variable::new(3.0);
    let nested = tf::recompute_grad(|x: &Tensor, w: &Variable| tf::recompute_grad(|x: &Tensor| x * x)(x) * x * w);
    let x = tf::constant(2.0);
    let accumulator = ForwardAccumulator::new((&x, &w), (tf::constant(1.0), tf::constant(10.0)))?;
    let y = nested(&x, &w);
    assert_eq!(accumulator.jvp(&y)?.item(), 36.0 + 80.0);
    drop(accumulator);
    // Forward over backward, and backward over forward.
    let accumulator = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let first = gradient_at(|x| nested(x, &w), &x)?;
    assert_eq!((first.item(), accumulator.jvp(&first)?.item()), (36.0, 36.0));
    drop(accumulator);
    let tape = GradientTape::new();
    tape.watch(&x);
    let accumulator = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let slope = accumulator.jvp(nested(&x, &w))?;
    drop(accumulator);
    assert_eq!(tape.gradient(&slope, &x)?.item(), 36.0);
    Ok(())
}

/// Row 98.
#[test]
fn outputs_and_arguments_of_every_sort() -> Result<(), Error> {
    let several = tf::recompute_grad(|x: &Tensor, n: &Tensor<i32>, scale: &f32| {
        let n = tf::cast(n, tf::float32);
        (x * n * *scale, x * x, tf::cast(x, tf::int32))
    });
    let (x, n) = (tf::constant([3.0, 2.0]), tf::constant(1));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (first, second, _) = several(&x, &n, &2.0);
    assert_eq!(tape.gradient(&first, &x)?.to_vec(), [2.0, 2.0]);
    assert_eq!(tape.gradient(&second, &x)?.to_vec(), [6.0, 4.0]);
    assert_eq!(tape.gradient((&first, &second), &x)?.to_vec(), [8.0, 6.0]);

    // Arguments in lists, of different shapes.
    let sum = tf::recompute_grad(|parts: &[Tensor]| tf::reduce_sum(&parts[0] * 2.0, ..) + &parts[1]);
    let parts = [tf::constant([1.0, 2.0]), tf::constant(3.0)];
    let tape = GradientTape::new();
    tape.watch(&parts);
    let [a, b] = tape.gradient(sum(&parts), &parts)?;
    assert_eq!((a.to_vec(), b.item()), (vec![2.0, 2.0], 1.0));
    Ok(())
}

#[test]
fn the_same_tensor_twice() -> Result<(), Error> {
    let sum = tf::recompute_grad(|x: &Tensor, y: &Tensor| x + y);
    let (x, y) = (tf::constant(1.0), tf::constant(1.0));
    assert_eq!(gradient_at(|x| sum(x, x), &x)?.item(), 2.0);
    assert_eq!(gradient_at(|x| sum(x, &y), &x)?.item(), 1.0);
    Ok(())
}

#[test]
fn nothing_at_all_is_an_input_too() -> Result<(), Error> {
    let g = tf::recompute_grad(|x: &Tensor| tf::reduce_sum(tf::exp(x), 0));
    let x: Tensor = tf::zeros([0, 3]);
    assert_eq!(gradient_at(&g, &x)?.shape(), [0, 3]);
    Ok(())
}

#[test]
fn an_argument_that_is_returned_as_it_came() -> Result<(), Error> {
    let (x, w) = (tf::constant([1.0, 2.0]), Rc::new(Variable::new(7.0)));
    let captured = Rc::clone(&w);
    let g = tf::recompute_grad(move |x: &Tensor| (Tensor::clone(x), captured.value()));
    let tape = GradientTape::new();
    tape.watch(&x);
    let (y, v) = g(&x);
    let (dx, dw) = tape.gradient((&y * 3.0, &v * 2.0), (&x, &*w))?;
    assert_eq!((dx.to_vec(), dw.item()), (vec![3.0, 3.0], 2.0));
    Ok(())
}

#[test]
fn stop_gradient_inside_stops() -> Result<(), Error> {
    let w = Rc::new(Variable::new(3.0));
    let captured = Rc::clone(&w);
    let g = tf::recompute_grad(move |x: &Tensor| x * tf::stop_gradient(&*captured) * tf::stop_gradient(x));
    let x = tf::constant(2.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = g(&x);
    assert_eq!(tape.gradient(&y, &x)?.item(), 6.0);
    let error = tape.gradient(&y, &*w).expect_err("nothing read it");
    assert!(error.to_string().contains("nothing read the variable"), "{error}");
    let rounded = tf::recompute_grad(|x: &Tensor| tf::round(x));
    let error = tape.gradient(rounded(&x), &x).expect_err("no gradient");
    assert!(error.to_string().contains("no gradient flows through `round` at tests/companions/"), "{error}");
    Ok(())
}

#[test]
fn a_tape_inside() -> Result<(), Error> {
    let slope = tf::recompute_grad(|x: &Tensor| gradient_at(|x| x * x * x * x, x).expect("a gradient"));
    assert_eq!(derivatives(slope, 2.0)?, [48.0, 48.0, 24.0]);
    Ok(())
}

#[test]
fn a_custom_rule_inside_is_honoured() -> Result<(), Error> {
    #[custom_gradient]
    fn swapped(a: &Tensor, b: &Tensor) -> Tensor {
        (a * b, |dy| (dy * a, dy * b))
    }
    let g = tf::recompute_grad(|a: &Tensor, b: &Tensor| swapped(a, b));
    let (a, b) = (tf::constant(3.0), tf::constant(5.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b));
    let (da, db) = tape.gradient(g(&a, &b), (&a, &b))?;
    assert_eq!((da.item(), db.item()), (3.0, 5.0));
    Ok(())
}

#[test]
fn in_the_body_of_a_rule_what_it_reads_must_be_known() {
    #[custom_gradient]
    fn f(x: &Tensor, #[nondiff] g: &dyn Fn(&Tensor) -> Tensor) -> Tensor {
        (g(x), |dy| dy * 2.0)
    }
    let lost = tf::constant(5.0);
    let captured = lost.clone();
    let g = tf::recompute_grad(move |x: &Tensor| x * &captured);
    let x = tf::constant(1.0);
    let tapes = [GradientTape::persistent(), GradientTape::persistent()];
    tapes.iter().for_each(|tape| tape.watch(&x));
    assert_eq!(tapes[0].gradient(f(&x, &g), &x).expect("a gradient").item(), 2.0);
    tapes[0].watch(&lost);
    let text = panic_of(|| f(&x, &g));
    assert!(text.starts_with("`f` (tests/companions/recompute.rs:"), "{text}");
    assert!(text.contains("uses the watched tensor of shape []"), "{text}");
    assert_eq!(tapes[1].gradient(&x * &x, &x).expect("a gradient").item(), 2.0);
}

#[test]
fn in_the_body_of_a_rule_it_is_a_part_of_that() -> Result<(), Error> {
    // The rule is dy · y with y = x³, which is differentiated through the body.
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let h = x * 1.0;
        let y = tf::recompute_grad(|x: &Tensor, h: &Tensor| x * h * h)(x, &h);
        (&y * 1.0, |dy| dy * y)
    }
    assert_eq!(derivatives(f, 2.0)?, [8.0, 12.0, 12.0]);
    Ok(())
}

struct Layer {
    w: Variable,
}

impl Layer {
    fn call(&self, x: &Tensor) -> Tensor {
        x * &self.w
    }
}

#[test]
fn the_variables_of_a_layer_are_found() -> Result<(), Error> {
    let layer = Rc::new(Layer { w: Variable::new(3.0) });
    let g = tf::recompute_grad(|layer: &Rc<Layer>, x: &Tensor| layer.call(x));
    let tape = GradientTape::new();
    assert_eq!(tape.gradient(g(&layer, &tf::constant(5.0)), &layer.w)?.item(), 5.0);
    Ok(())
}

#[test]
fn a_variable_counts_as_it_was_at_the_call() -> Result<(), Error> {
    let square = tf::recompute_grad(|w: &Variable| w * w);
    let mut w = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = square(&w);
    w.assign(100.0)?;
    assert_eq!(tape.gradient(&y, &w)?.item(), 6.0);
    Ok(())
}

/// Steps of a random program: which operation, and whether what follows runs again.
#[derive(Clone)]
struct Program(Vec<(u64, bool)>);

impl Program {
    fn of(seed: u64) -> Self {
        // A linear congruential generator, of which the high bits are used (Knuth, MMIX).
        let next =
            |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let states = std::iter::successors(Some(seed), next).skip(2).take(12);
        Program(states.map(|state| ((state >> 40) % 5, state >> 63 == 0)).collect())
    }

    /// Runs the program; with `again`, parts of it by `recompute_grad`.
    fn run(&self, x: &Tensor<f64>, w: &Tensor<f64>, again: bool) -> Tensor<f64> {
        let Some(((operation, recomputes), rest)) = self.0.split_first() else { return x * w };
        let y = match operation {
            0 => tf::tanh(x) + w,
            1 => x * w,
            2 => tf::exp(-(x * x)),
            3 => x - tf::sigmoid(w),
            _ => x * x * 0.5,
        };
        let rest = Program(rest.to_vec());
        match again && *recomputes {
            true => {
                let w = w.clone();
                tf::recompute_grad(move |y: &Tensor<f64>| rest.run(y, &w, true))(&y) + x
            }
            false => rest.run(&y, w, again) + x,
        }
    }
}

#[test]
fn random_programs_have_the_same_derivatives() -> Result<(), Error> {
    let (x, w) = (tf::constant(0.3f64), tf::constant(-0.7f64));
    let derivatives_by = |f: &dyn Fn() -> Tensor<f64>| -> Result<Vec<f64>, Error> {
        let zeros = || unconnected_gradients(UnconnectedGradients::Zero);
        let (outer, inner) = (GradientTape::persistent(), GradientTape::new());
        outer.watch((&x, &w));
        inner.watch((&x, &w));
        let (dx, dw) = inner.gradient_with(f(), (&x, &w), zeros())?;
        let (dxx, dxw) = outer.gradient_with(&dx, (&x, &w), zeros())?;
        let (_, dww) = outer.gradient_with(&dw, (&x, &w), zeros())?;
        let accumulator = ForwardAccumulator::new((&x, &w), (tf::constant(1.0f64), tf::constant(2.0f64)))?;
        let tangent = accumulator.jvp(f())?;
        Ok([dx, dw, dxx, dxw, dww, tangent].iter().map(Tensor::item).collect())
    };
    for seed in 0..60 {
        let program = Program::of(seed);
        let (plain, again) =
            (derivatives_by(&|| program.run(&x, &w, false))?, derivatives_by(&|| program.run(&x, &w, true))?);
        for (plain, again) in plain.iter().zip(&again) {
            assert!((plain - again).abs() <= 1e-9 * plain.abs().max(1.0), "program {seed}: {plain} and {again}");
        }
    }
    Ok(())
}
