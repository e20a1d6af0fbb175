//! Forms of forms.

use gradcore::prelude::*;

use functional::{grad, hessian, jacobian, jvp, linearize, value_and_grad, vjp};

use crate::common::assert_close;

fn one() -> Tensor<f64> {
    tf::constant(1.0)
}

#[test]
fn gradients_of_any_order() {
    // x⁴ at 2: 32, 48, 48, 24, 0.
    let x: Tensor = tf::constant(2.0);
    let f = |x: &Tensor| x * x * x * x;
    assert_eq!(grad(f, &x).unwrap().item(), 32.0);
    assert_eq!(grad(|x| grad(f, x), &x).unwrap().item(), 48.0);
    assert_eq!(grad(|x| grad(|x| grad(f, x), x), &x).unwrap().item(), 48.0);
    assert_eq!(grad(|x| grad(|x| grad(|x| grad(f, x), x), x), &x).unwrap().item(), 24.0);
    assert_eq!(grad(|x| grad(|x| grad(|x| grad(|x| grad(f, x), x), x), x), &x).unwrap().item(), 0.0);
}

#[test]
fn pure_forward_mode_of_any_order() {
    // x^3.5 at 1.1, as TensorFlow computes it: 1.3960, 4.4417, 10.0948, 13.7656.
    let power = |x: &Tensor<f64>| tf::exp(tf::log(x) * 3.5);
    let first = |x: &Tensor<f64>| Ok(jvp(power, x, one())?.1);
    let second = |x: &Tensor<f64>| Ok(jvp(first, x, one())?.1);
    let third = |x: &Tensor<f64>| Ok::<_, Error>(jvp(second, x, one())?.1);
    let x = tf::constant(1.1);
    let expected = |n: i32, factor: f64| tf::constant(factor * 1.1f64.powf(3.5 - f64::from(n)));
    assert_close("the value", &power(&x), &expected(0, 1.0));
    assert_close("the first", &first(&x).unwrap(), &expected(1, 3.5));
    assert_close("the second", &second(&x).unwrap(), &expected(2, 3.5 * 2.5));
    assert_close("the third", &third(&x).unwrap(), &expected(3, 3.5 * 2.5 * 1.5));
}

#[test]
fn forms_compose_in_every_order() {
    // f = x²y + y³ at (2, 3). f_xx = 2y = 6; f_xy = 2x = 4; f_yy = 6y = 18.
    let (x, y): (Tensor, Tensor) = (tf::constant(2.0), tf::constant(3.0));
    let f = |(x, y): (&Tensor, &Tensor)| x * x * y + y * y * y;
    let (dx, dy) = (tf::constant(10.0f32), tf::constant(1.0f32));
    let moved = (64.0, 58.0);

    let ((gx, gy), (hx, hy)) = jvp(|(x, y)| grad(f, (x, y)), (&x, &y), (&dx, &dy)).unwrap();
    assert_eq!((gx.item(), gy.item(), (hx.item(), hy.item())), (12.0, 31.0, moved));

    let (hx, hy) = grad(|(x, y)| Ok(jvp(f, (x, y), (&dx, &dy))?.1), (&x, &y)).unwrap();
    assert_eq!((hx.item(), hy.item()), moved);

    let linear = linearize(|(x, y)| grad(f, (x, y)), (&x, &y)).unwrap().1;
    let (hx, hy) = linear.apply((&dx, &dy)).unwrap();
    assert_eq!((hx.item(), hy.item()), moved);

    let pullback = vjp(|(x, y)| grad(f, (x, y)), (&x, &y)).unwrap().1;
    let (hx, hy) = pullback.apply((&dx, &dy)).unwrap();
    assert_eq!((hx.item(), hy.item()), moved);

    let (hx, hy) = grad(|(x, y)| linearize(f, (x, y))?.1.apply((&dx, &dy)), (&x, &y)).unwrap();
    assert_eq!((hx.item(), hy.item()), moved);

    let (xx, xy) = jacobian(|(x, y)| Ok(grad(f, (x, y))?.0), (&x, &y)).unwrap();
    assert_eq!((xx.item(), xy.item()), (6.0, 4.0));
}

#[test]
fn a_pullback_of_a_pullback() {
    // The pullback of x² is 2x·v; its own by (x, v) for w is (2vw, 2xw).
    let (x, v, w) = (tf::constant(3.0f32), tf::constant(5.0f32), tf::constant(7.0f32));
    let (y, pullback) = vjp(|(x, v)| vjp(|x| x * x, x)?.1.apply(v), (&x, &v)).unwrap();
    let (dx, dv) = pullback.apply(&w).unwrap();
    assert_eq!((y.item(), dx.item(), dv.item()), (30.0, 70.0, 42.0));
}

#[test]
fn tapes_see_what_is_applied_later() {
    let (x, v) = (tf::constant(3.0f32), tf::constant(5.0f32));
    let pullback = vjp(|x| x * x, &x).unwrap().1;
    let linear = linearize(|x| x * x, &x).unwrap().1;
    let tape = GradientTape::persistent();
    tape.watch(&v);
    assert_eq!(tape.gradient(pullback.apply(&v).unwrap(), &v).unwrap().item(), 6.0);
    assert_eq!(tape.gradient(linear.apply(&v).unwrap(), &v).unwrap().item(), 6.0);

    let tape = GradientTape::persistent();
    tape.watch(&x);
    let pullback = vjp(|x| x * x, &x).unwrap().1;
    let linear = linearize(|x| x * x, &x).unwrap().1;
    assert_eq!(tape.gradient(pullback.apply(&v).unwrap(), &x).unwrap().item(), 10.0);
    assert_eq!(tape.gradient(linear.apply(&v).unwrap(), &x).unwrap().item(), 10.0);
}

#[test]
fn a_hessian_inside_a_gradient() {
    // The Hessian of Σx⁴ is diag(12x²); the gradient of its sum is 24x.
    let x = tf::constant([1.0f32, 2.0]);
    let quartic = |x: &Tensor| tf::reduce_sum(x * x * x * x, ..);
    let (h, dx) = value_and_grad(|x| hessian(quartic, x), &x).unwrap();
    assert_eq!((h.to_vec(), dx.to_vec()), (vec![12.0, 0.0, 0.0, 48.0], vec![24.0, 48.0]));
    let (_, along) = jvp(|x| hessian(quartic, x), &x, tf::constant([1.0f32, 0.0])).unwrap();
    assert_eq!(along.to_vec(), [24.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_step_of_descent_is_differentiated() {
    // Meta-learning: the loss after one step, w - 0.25 · dL/dw with L = (w - t)², by w and t.
    let (w, t) = (tf::constant(3.0f32), tf::constant(1.0f32));
    let loss = |w: &Tensor, t: &Tensor| tf::square(w - t);
    let after = |(w, t): (&Tensor, &Tensor)| Ok(loss(&(w - grad(|w| loss(w, t), w)? * 0.25), t));
    // w' - t = (w - t)/2, so the loss is (w - t)²/4 and its derivative (w - t)/2.
    let (value, (dw, dt)) = value_and_grad(after, (&w, &t)).unwrap();
    assert_eq!((value.item(), dw.item(), dt.item()), (1.0, 1.0, -1.0));
}
