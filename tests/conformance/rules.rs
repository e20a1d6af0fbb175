//! Custom rules, written as a porter would write them: the rows of section 1.

use std::cell::Cell;

use gradcore::prelude::*;

use crate::records::assert_row;

/// x² with the rule 10 · dy.
#[custom_gradient]
pub(crate) fn ten(x: &Tensor) -> Tensor {
    (x * x, |dy| 10.0 * dy)
}

/// The identity with the rule 3 · dy.
#[custom_gradient]
fn triple(x: &Tensor) -> Tensor {
    (x.clone(), |dy| 3.0 * dy)
}

/// (2x, 3x) with a rule that tells the upstreams apart.
#[custom_gradient]
fn two_outputs(x: &Tensor) -> (Tensor, Tensor) {
    ((2.0 * x, 3.0 * x), |d0, d1| 10.0 * d0 + 100.0 * d1)
}

thread_local! {
    /// How often the rule of [`counted`] ran on this thread, which is that of one test.
    static CALLS: Cell<f32> = const { Cell::new(0.0) };
}

/// x² with its true rule, which counts its calls.
#[custom_gradient]
pub(crate) fn counted(x: &Tensor) -> Tensor {
    let grad = |dy| {
        CALLS.set(CALLS.get() + 1.0);
        dy * 2.0 * x
    };
    (x * x, grad)
}

pub(crate) fn calls() -> Tensor {
    tf::constant(CALLS.get())
}

/// The gradient of a function of one tensor.
pub(crate) fn derivative(f: impl Fn(&Tensor) -> Tensor, at: &Tensor) -> Result<Tensor, Error> {
    let tape = GradientTape::new();
    tape.watch(at);
    let y = f(at);
    tape.gradient(&y, at)
}

/// The gradients of a function of two numbers, each on a tape of its own.
pub(crate) fn derivatives(f: impl Fn(&Tensor, &Tensor) -> Tensor, x: f32, y: f32) -> [Result<Tensor, Error>; 2] {
    let (x, y) = (tf::constant(x), tf::constant(y));
    [&x, &y].map(|source| {
        let tape = GradientTape::new();
        tape.watch((&x, &y));
        let z = f(&x, &y);
        tape.gradient(&z, source)
    })
}

/// The first and second derivative of a function of one number, by nested tapes.
pub(crate) fn twice(f: impl Fn(&Tensor) -> Tensor, at: f32) -> [Result<Tensor, Error>; 2] {
    let x = tf::constant(at);
    let outer = GradientTape::new();
    outer.watch(&x);
    let inner = GradientTape::new();
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient(&y, &x).expect("a first derivative");
    let second = outer.gradient(&first, &x);
    [Ok(first), second]
}

#[test]
fn row_8_without_a_tape_only_the_value_is_computed() {
    let y = counted(&tf::constant(3.0));
    assert_row("1.8 no tape", [Ok(y), Ok(calls())]);
}

#[test]
fn row_11_several_inputs() {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| (dy * y, dy * x))
    }
    assert_row("1.11 several inputs", derivatives(f, 2.0, 3.0));
}

#[test]
fn row_15_the_same_tensor_twice() {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| (2.0 * dy, 3.0 * dy))
    }
    assert_row("1.15 the same tensor twice", [derivative(|x| f(x, x), &tf::constant(4.0))]);
}

#[test]
fn row_24_a_variable_as_argument() {
    let v = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = ten(&v);
    let dv = tape.gradient(&y, &v);
    assert_row("1.24 a variable as argument", [Ok(y), dv]);
}

struct Scaled {
    factor: f32,
}

impl Scaled {
    #[custom_gradient]
    fn call(&self, x: &Tensor) -> Tensor {
        (self.factor * x, |dy| 100.0 * dy)
    }
}

#[test]
fn row_33_a_method() {
    let (scaled, x) = (Scaled { factor: 7.0 }, tf::constant(2.0));
    assert_row("1.33 a method", [Ok(scaled.call(&x)), derivative(|x| scaled.call(x), &x)]);
}

#[test]
fn row_38_the_upstream_gradient() {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = ten(&x);
    let given = tape.gradient_with(&y, &x, output_gradients(tf::constant([3.0, 5.0])));
    let square = |x: &Tensor| {
        let y = ten(x);
        &y * &y
    };
    assert_row("1.38 the upstream gradient", [derivative(ten, &x), given, derivative(square, &x)]);
}

#[test]
fn row_40_the_output_is_the_input() {
    let x = tf::constant(5.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = triple(&x);
    let z = triple(&y);
    let found = [tape.gradient(&z, &x), tape.gradient([&x, &y], &x), tape.gradient(&y, (&x, &y)).map(|(_, dy)| dy)];
    assert_row("1.40 the output is the input", found);
}

#[test]
fn row_41_several_outputs() {
    let f = |x: &Tensor| {
        let y = two_outputs(x);
        y.0 + 2.0 * y.1
    };
    assert_row("1.41 several outputs", [derivative(f, &tf::constant(2.0))]);
}

#[test]
fn row_43_an_output_that_is_not_used() {
    let x = tf::constant(2.0);
    let square = |x: &Tensor| {
        let y = two_outputs(x).1;
        &y * &y
    };
    assert_row("1.43 an output that is not used", [derivative(|x| two_outputs(x).0, &x), derivative(square, &x)]);
}

#[test]
fn row_44_an_output_whose_consumer_lets_no_gradient_through() {
    let f = |x: &Tensor| {
        let y = two_outputs(x);
        y.0 + tf::round(y.1)
    };
    assert_row("1.44 an output whose consumer lets no gradient through", [derivative(f, &tf::constant(2.0))]);
}

#[test]
fn row_45_no_output_gets_a_gradient() {
    let found = derivative(|x| tf::round(counted(x)), &tf::constant(2.0));
    assert_row("1.45 no output gets a gradient", [found, Ok(calls())]);
}

#[test]
fn row_53_an_output_used_several_times() {
    let f = |x: &Tensor| {
        let y = counted(x);
        &y + &y * &y
    };
    let found = derivative(f, &tf::constant(3.0));
    assert_row("1.53 an output used several times", [found, Ok(calls())]);
}

#[test]
fn row_54_not_between_target_and_source() {
    let f = |x: &Tensor| {
        let _ = counted(x);
        5.0 * x
    };
    let found = derivative(f, &tf::constant(3.0));
    assert_row("1.54 not between target and source", [found, Ok(calls())]);
}

#[test]
fn row_58_none_for_an_input() -> Result<(), Error> {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| (dy * y, None))
    }
    let (x, y) = (tf::constant(2.0), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch((&x, &y));
    let z = f(&x, &y);
    let (dx, dy) = tape.gradient_with(&z, (&x, &y), unconnected_gradients(UnconnectedGradients::Zero))?;
    let [of_x, of_y] = derivatives(f, 2.0, 3.0);
    let [to_x, to_y] = derivatives(|x, y| f(x, y) + 4.0 * y, 2.0, 3.0);
    assert_row("1.58 None for an input", [of_x, of_y, Ok(dx), Ok(dy), to_x, to_y]);
    Ok(())
}

#[test]
fn row_65_a_rule_that_is_not_linear() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * x, |dy| tf::clip_by_value(dy, -1.0, 1.0))
    }
    let weighted = |x: &Tensor| f(x) * tf::constant([5.0, 0.5, -2.0]);
    assert_row("1.65 a rule that is not linear", [derivative(weighted, &tf::constant([2.0, 3.0, 4.0]))]);
}

/// A layer of one number.
struct Layer {
    c: Variable,
}

impl Layer {
    #[custom_gradient(variables(self.c))]
    fn both(&self, x: &Tensor) -> Tensor {
        let grad = |dy| (4.0 * &self.c * dy, 100.0 * x * dy);
        (x * &self.c, grad)
    }

    #[custom_gradient(variables(self.c))]
    fn only_x(&self, x: &Tensor) -> Tensor {
        (x * &self.c, |dy| (&self.c * dy, None))
    }

    #[custom_gradient]
    fn unlisted(&self, x: &Tensor) -> Tensor {
        (x * &self.c, |dy| dy * &self.c)
    }
}

#[test]
fn row_67_variables() -> Result<(), Error> {
    let (layer, x) = (Layer { c: Variable::new(3.0) }, tf::constant(6.0));
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = layer.both(&x);
    let (dx, dc) = tape.gradient(&y, (&x, &layer.c))?;
    assert_row("1.67 variables", [Ok(y), Ok(dx), Ok(dc)]);
    Ok(())
}

#[test]
fn row_69_none_for_a_variable() {
    let (layer, x) = (Layer { c: Variable::new(3.0) }, tf::constant(6.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = layer.only_x(&x);
    assert_row("1.69 None for a variable", [tape.gradient(&y, &x), tape.gradient(&y, &layer.c)]);
}

#[test]
fn row_72_a_variable_that_is_not_trainable() {
    let (layer, x) = (Layer { c: Variable::new(3.0).trainable(false) }, tf::constant(6.0));
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = layer.unlisted(&x);
    assert_row("1.72 a variable that is not trainable", [tape.gradient(&y, &x), tape.gradient(&y, &layer.c)]);
}
