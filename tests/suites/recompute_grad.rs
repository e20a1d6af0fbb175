//! `recompute_grad` and `grad_pass_through`, of `CustomGradientTest` and `custom_gradient`.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::{derivative, reason};

#[test]
fn test_recompute_grad_zero_size_input() -> Result<(), Error> {
    let f = |x: &Tensor| tf::reduce_sum(x * x, ..);
    let empty: Tensor = tf::zeros([0]);
    assert_eq!(derivative(tf::recompute_grad(f), &empty)?.shape(), derivative(f, &empty)?.shape());
    Ok(())
}

#[test]
fn test_recompute_grad_different_dtypes_inputs() -> Result<(), Error> {
    let f = tf::recompute_grad(|n: &Tensor<i32>, x: &Tensor| tf::cast(n, tf::float32) * x);
    let (n, x) = (tf::constant(2), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch(&x);
    let y = f(&n, &x);
    assert_eq!(tape.gradient(&y, &x)?.item(), 2.0);
    Ok(())
}

/// Layers in a sequence, each recomputed, with an output that nobody uses.
#[test]
fn test_fn_recompute() -> Result<(), Error> {
    let layer = |x: &Tensor, w: &Variable| (tf::tanh(x * w), tf::square(x));
    let run = |recomputed: bool| {
        let (v, w): (Variable, Variable) = (Variable::new(0.5), Variable::new(0.25));
        let x = tf::constant([1.0, 2.0]);
        let tape = GradientTape::new();
        tape.watch(&x);
        let call = |x: &Tensor, w: &Variable| if recomputed { tf::recompute_grad(layer)(x, w) } else { layer(x, w) };
        let y = call(&call(&x, &v).0, &w).0;
        let (dx, dv, dw) = tape.gradient(&y, (&x, &v, &w))?;
        Ok::<_, Error>([dx.to_vec(), dv.to_vec(), dw.to_vec()].concat())
    };
    assert_eq!(run(true)?, run(false)?);
    Ok(())
}

#[test]
fn test_fn_recompute_same_tensor() -> Result<(), Error> {
    let f = tf::recompute_grad(|x: &Tensor, y: &Tensor| (x + y, 1.0 * x));
    let (x, tape) = (tf::constant(1.0), GradientTape::persistent());
    tape.watch(&x);
    let (sum, first) = f(&x, &x);
    assert_eq!((tape.gradient(&sum, &x)?.item(), tape.gradient(&first, &x)?.item()), (2.0, 1.0));
    Ok(())
}

/// Three orders of Π tanh² x, recomputed and plain.
#[test]
fn test_recompute_grad_higher_order() -> Result<(), Error> {
    type Function<'f> = &'f dyn Fn(&Tensor<f64>) -> Tensor<f64>;
    fn third(f: Function<'_>, x: &Tensor<f64>) -> Result<Tensor<f64>, Error> {
        let tape = GradientTape::persistent();
        tape.watch(x);
        let first = tape.gradient(f(x), x)?;
        let second = tape.gradient(&first, x)?;
        tape.gradient(&second, x)
    }
    let f = |x: &Tensor<f64>| tf::reduce_prod(tf::square(tf::tanh(x)), ..);
    let x = tf::constant([0.1, 0.2, 0.3]);
    crate::assert_all_near(&third(&|x| tf::recompute_grad(f)(x), &x)?, &third(&f, &x)?.to_vec(), 1e-12);
    Ok(())
}

#[test]
fn test_recompute_grad_with_different_shape() -> Result<(), Error> {
    let f = tf::recompute_grad(|parts: &[Tensor]| tf::reduce_sum(&parts[0], ..) + tf::reduce_sum(&parts[1], ..));
    let parts: [Tensor; 2] = [tf::ones([2, 3]), tf::ones([5])];
    let tape = GradientTape::new();
    tape.watch(&parts);
    let y = f(&parts);
    let [a, b] = tape.gradient(&y, &parts)?;
    assert_eq!((a.shape(), b.shape(), a.to_vec(), b.to_vec()), (&[2, 3][..], &[5][..], vec![1.0; 6], vec![1.0; 5]));
    Ok(())
}

/// `GradPassThroughTest`: an assignment has no gradient, unless it is passed through. That a variable which the function
/// captures is named, where TensorFlow gives `None`, is in `tests/companions/pass_through.rs`.
#[test]
fn test_grad_pass_through() -> Result<(), Error> {
    let (x, z): (Variable, Variable) = (Variable::new(1.0), Variable::new(3.0));
    let x = std::cell::RefCell::new(x);
    let assigned = |value: &Tensor| {
        x.borrow_mut().assign(tf::stop_gradient(value)).expect("the same shape");
        tf::stop_gradient(&*x.borrow())
    };
    let tape = GradientTape::new();
    let alone = assigned(&(&z * &z));
    assert!(matches!(reason(tape.gradient(&alone, &z)), Unconnected::Stopped { .. }));
    let tape = GradientTape::new();
    let passed = tf::grad_pass_through(assigned)(&(&z * &z));
    assert_eq!((passed.item(), tape.gradient(&passed, &z)?.item()), (9.0, 6.0));
    assert_eq!(x.borrow().item(), 9.0);
    Ok(())
}
