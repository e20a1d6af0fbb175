//! Rules in rules, tapes in rules, and second derivatives: the later rows of section 1.

use gradcore::prelude::*;

use crate::records::assert_row;
use crate::rules::{calls, counted, derivative, derivatives, ten, twice};

/// x² with the rule 100 · dy.
#[custom_gradient]
fn hundred(x: &Tensor) -> Tensor {
    (x * x, |dy| 100.0 * dy)
}

#[test]
fn row_77_the_outer_rule_hides_the_inner_one() {
    #[custom_gradient]
    fn outer(x: &Tensor) -> Tensor {
        (hundred(x), |dy| 7.0 * dy)
    }
    assert_row("1.77 the outer rule hides the inner one", [derivative(outer, &tf::constant(3.0))]);
}

#[test]
fn row_79_second_order_through_the_rule() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * x * x, |dy| dy * 3.0 * x * x)
    }
    assert_row("1.79 second order through the rule", twice(f, 2.0));
}

#[test]
fn row_80_second_order_through_a_captured_value() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let y = x * x * x;
        (y, |dy| dy * y)
    }
    #[custom_gradient]
    fn stopped(x: &Tensor) -> Tensor {
        let y = x * x * x;
        let kept = tf::stop_gradient(&y);
        (y, |dy| dy * kept)
    }
    let ([a, b], [c, d]) = (twice(f, 2.0), twice(stopped, 2.0));
    assert_row("1.80 second order through a captured value", [a, b, c, d]);
}

#[test]
fn row_80_second_order_through_a_captured_value_of_another_rule() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let h = hundred(x);
        (&h * x, |dy| dy * h)
    }
    assert_row("1.80b second order through a captured value of another rule", twice(f, 2.0));
}

#[test]
fn row_81_a_constant_rule_has_no_second_derivative() {
    assert_row("1.81 a constant rule", twice(ten, 2.0));
}

#[test]
fn row_83_a_second_rule() {
    #[custom_gradient]
    fn first(x: &Tensor) -> Tensor {
        (-1.1 * tf::ones_like(x), |dy| dy * -2.1)
    }
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x + 10.0, |dy| dy * first(x))
    }
    let fourth_power = |x: &Tensor| tf::square(f(x)) * tf::square(f(x));
    assert_row("1.83 a second rule", twice(fourth_power, 1.0));
}

#[test]
fn row_84_a_second_rule_of_x_and_dy() -> Result<(), Error> {
    #[custom_gradient]
    fn backward(_x: &Tensor, dy: &Tensor) -> Tensor {
        (2.1 * dy, |d| (2.2 * d, 3.1 * d))
    }
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (2.0 * x, |dy| backward(x, dy))
    }
    let (x, dy) = (tf::constant(1.0), tf::constant(1.0));
    let outer = GradientTape::new();
    outer.watch((&x, &dy));
    let inner = GradientTape::new();
    inner.watch(&x);
    let y = f(&x);
    let first = inner.gradient_with(&y, &x, output_gradients(&dy))?;
    let (of_x, of_dy) = outer.gradient(&first, (&x, &dy))?;
    assert_row("1.84 a second rule of x and dy", [Ok(y), Ok(first), Ok(of_x), Ok(of_dy)]);
    Ok(())
}

/// 10x³ and its derivative, by a tape.
fn ten_cubed(x: &Tensor) -> (Tensor, Tensor) {
    let tape = GradientTape::new();
    tape.watch(x);
    let y = 10.0 * x * x * x;
    let dy_dx = tape.gradient(&y, x).expect("a gradient");
    (y, dy_dx)
}

#[test]
fn row_85_a_tape_in_the_rule() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (ten_cubed(x).0, |dy| dy * ten_cubed(x).1)
    }
    assert_row("1.85 a tape in the rule", twice(f, 2.0));
}

#[test]
fn row_86_a_tape_in_the_body() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        let (y, dy_dx) = ten_cubed(x);
        (y, |dy| dy * dy_dx)
    }
    assert_row("1.86 a tape in the body", twice(f, 2.0));
}

#[test]
fn row_87_a_persistent_tape_asked_twice() {
    let x = tf::constant(3.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = counted(&x);
    let (first, second) = (tape.gradient(&y, &x), tape.gradient(&y, &x));
    assert_row("1.87 a persistent tape asked twice", [first, second, Ok(calls())]);
}

#[test]
fn row_88_two_tapes() {
    let x = tf::constant(3.0);
    let (a, b) = (GradientTape::new(), GradientTape::new());
    a.watch(&x);
    b.watch(&x);
    let y = counted(&x);
    let (first, second) = (a.gradient(&y, &x), b.gradient(&y, &x));
    assert_row("1.88 two tapes", [first, second, Ok(calls())]);
}

#[test]
fn row_103_stop_gradient() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = tf::stop_gradient(&x);
    let zero = tape.gradient_with(&y, &x, unconnected_gradients(UnconnectedGradients::Zero))?;
    let half_stopped = derivative(|x| x * tf::stop_gradient(x), &x);
    let straight_through = derivative(|x| x + tf::stop_gradient(tf::round(x) - x), &tf::constant([1.2, 2.5]));
    assert_row(
        "1.103 stop_gradient",
        [derivative(|x| tf::stop_gradient(x), &x), Ok(zero), half_stopped, straight_through],
    );
    Ok(())
}

/// Section 3a: the gradients are swapped on purpose.
#[test]
fn a_swapped_rule() {
    #[custom_gradient]
    fn f(x: &Tensor, y: &Tensor) -> Tensor {
        (x * y, |dy| (x * dy, y * dy))
    }
    assert_row("3a a swapped rule", derivatives(f, 3.0, 5.0));
}

/// Section 3a.
#[test]
fn a_rule_on_the_value_of_a_variable() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * x, |dy| 2.0 * x * dy + 1.0)
    }
    let v = Variable::new(3.0);
    let tape = GradientTape::new();
    let y = f(&v);
    assert_row("3a a rule on a variable's value", [tape.gradient(&y, &v)]);
}

/// Section 3a: the rule makes every step one long.
#[test]
fn five_steps_of_descent() {
    #[custom_gradient]
    fn f(x: &Tensor) -> Tensor {
        (x * x, |dy| 4.0 * tf::sign(x) * tf::ones_like(x) * dy)
    }
    let mut v = Variable::new(5.0);
    let losses = [(); 5].map(|()| {
        let tape = GradientTape::new();
        let loss = f(&v);
        let dv = tape.gradient(&loss, &v)?;
        v.assign_sub(0.25 * dv)?;
        Ok(loss)
    });
    assert_row("3a five steps of descent", losses);
}
