//! Custom rules are honoured by every form.

use gradcore::prelude::*;
use ndarray::{Array1, ArrayView1};

use functional::{grad, hessian, hvp, jacobian, jvp, linearize, vjp};

/// Not the derivative, and thereby told from it.
#[custom_gradient]
fn tenfold(x: &Tensor) -> Tensor {
    (x * 1.0, |dy| dy * 10.0)
}

/// Its rule says 5x² where the derivative is 3x².
#[custom_gradient]
fn cube(x: &Tensor) -> Tensor {
    (x * x * x, |dy| dy * x * x * 5.0)
}

#[custom_gradient]
fn clipped(x: &Tensor) -> Tensor {
    (x * 2.0, |dy| tf::clip_by_value(dy, -1.0, 1.0))
}

#[custom_gradient]
fn failing(x: &Tensor) -> Tensor {
    let grad = |dy| match dy.rank() {
        3 => Ok(dy * 1.0),
        _ => Err(Error::Argument { operation: "failing", expected: "rank 3".into(), found: "another".into() }),
    };
    (x * 1.0, grad)
}

#[test]
fn every_form_multiplies_by_what_the_rule_says() {
    let x = tf::constant([1.0f32, 2.0]);
    let v = tf::constant([1.0f32, 3.0]);
    assert_eq!(grad(tenfold, &x).unwrap().to_vec(), [10.0, 10.0]);
    assert_eq!(vjp(tenfold, &x).unwrap().1.apply(&v).unwrap().to_vec(), [10.0, 30.0]);
    assert_eq!(jvp(tenfold, &x, &v).unwrap().1.to_vec(), [10.0, 30.0]);
    assert_eq!(linearize(tenfold, &x).unwrap().1.apply(&v).unwrap().to_vec(), [10.0, 30.0]);
    assert_eq!(jacobian(tenfold, &x).unwrap().to_vec(), [10.0, 0.0, 0.0, 10.0]);
}

#[test]
fn second_derivatives_are_those_of_the_rule() {
    // The rule is 5x²·dy, so the second derivative is 10x.
    let x = tf::constant([1.0f32, 2.0]);
    let f = |x: &Tensor| tf::reduce_sum(cube(x), ..);
    assert_eq!(hessian(f, &x).unwrap().to_vec(), [10.0, 0.0, 0.0, 20.0]);
    assert_eq!(hvp(f, &x, tf::constant([1.0f32, 1.0])).unwrap().to_vec(), [10.0, 20.0]);
    assert_eq!(grad(|x| grad(f, x), &x).unwrap().to_vec(), [10.0, 20.0]);
}

#[test]
fn a_rule_that_is_not_linear_is_named_by_forward_forms() {
    let x = tf::constant([1.0f32, 2.0]);
    let errors = [
        jvp(clipped, &x, &x).unwrap_err(),
        linearize(clipped, &x).unwrap().1.apply(&x).unwrap_err(),
        hvp(|x| tf::reduce_sum(clipped(x) * x, ..), &x, &x).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::NotLinear { call, .. } if call.function == "clipped"), "{error}");
    }
    assert_eq!(grad(|x| clipped(x) * 3, &x).unwrap().to_vec(), [1.0, 1.0]);
}

#[test]
fn a_rule_that_fails_gives_its_error_and_leaves_all_usable() {
    let x = tf::constant([1.0f32, 2.0]);
    let linear = linearize(failing, &x).unwrap().1;
    let pullback = vjp(failing, &x).unwrap().1;
    let errors = [
        grad(failing, &x).unwrap_err(),
        jacobian(failing, &x).unwrap_err(),
        jvp(failing, &x, &x).unwrap_err(),
        pullback.apply(&x).unwrap_err(),
        pullback.apply(&x).unwrap_err(),
        linear.apply(&x).unwrap_err(),
        hessian(|x| tf::reduce_sum(failing(x), ..), &x).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, Error::GradientFailed(failure) if failure.call.function == "failing"), "{error}");
    }
    assert_eq!(grad(|x| x * x, &x).unwrap().to_vec(), [2.0, 4.0]);
}

#[custom_gradient(recompute)]
fn recomputed(x: &Tensor) -> Tensor {
    (x * x * x, |dy| dy * x * x * 3.0)
}

#[custom_gradient(elementwise)]
fn one_by_one<T: Real>(x: T) -> T {
    (x * x * x, |dy| dy * x * x * T::of(3.0))
}

#[custom_gradient(elementwise)]
fn of_two<T: Real>(x: T, y: T, #[nondiff] scale: T) -> T {
    (scale * (x * x * y + y * y * y), |dz| (scale * dz * x * y * 2.0, scale * dz * (x * x + y * y * 3.0)))
}

#[custom_gradient(arrays)]
fn over_arrays(x: ArrayView1<f32>) -> Array1<f32> {
    let y = &x * &x;
    (y, |dy: ArrayView1<f32>| &dy * &x * 2.0)
}

#[test]
fn rules_of_every_kind_pass_through_forms() {
    let x = tf::constant([1.0f32, 2.0]);
    let cubes: [fn(&Tensor) -> Tensor; 2] = [recomputed, one_by_one];
    for f in cubes {
        let sum = |x: &Tensor| tf::reduce_sum(f(x), ..);
        assert_eq!(grad(f, &x).unwrap().to_vec(), [3.0, 12.0]);
        assert_eq!(jvp(f, &x, &x).unwrap().1.to_vec(), [3.0, 24.0]);
        assert_eq!(linearize(f, &x).unwrap().1.apply(&x).unwrap().to_vec(), [3.0, 24.0]);
        assert_eq!(hessian(sum, &x).unwrap().to_vec(), [6.0, 0.0, 0.0, 12.0]);
        assert_eq!(hvp(sum, &x, &x).unwrap().to_vec(), [6.0, 24.0]);
    }
}

#[test]
fn fused_loops_have_products_with_the_hessian() {
    // f = x²y + y³ at ((2, 1), 3): along (10, 1) in the first place, f_x changes by 6·10 + 4·1, f_y by 4·10 + 18·1.
    let (x, y) = (tf::constant([2.0f32, 1.0]), tf::constant(3.0f32));
    let f = |(x, y): (&Tensor, &Tensor)| tf::reduce_sum(of_two(x, y, 1.0f32), ..);
    let v = (tf::constant([10.0f32, 0.0]), tf::constant(1.0f32));
    let (hx, hy) = hvp(f, (&x, &y), &v).unwrap();
    // In the second place x moves by 0: f_x changes by 2·1, f_y by 18·1.
    assert_eq!((hx.to_vec(), hy.item()), (vec![64.0, 2.0], 58.0 + 18.0));
    let reverse = vjp(|(x, y)| grad(f, (x, y)), (&x, &y)).unwrap().1.apply(&v).unwrap();
    assert_eq!((reverse.0.to_vec(), reverse.1.item()), (vec![64.0, 2.0], 76.0));
    let third = grad(|(x, y)| Ok(hvp(f, (x, y), &v)?.0), (&x, &y)).unwrap_err();
    assert!(matches!(&third, Error::HigherDerivative { call, .. } if call.function == "of_two"), "{third}");
}

#[test]
fn what_has_no_second_derivative_says_so() {
    let x = tf::constant([1.0f32, 2.0]);
    assert_eq!(grad(over_arrays, &x).unwrap().to_vec(), [2.0, 4.0]);
    let sum = |x: &Tensor| tf::reduce_sum(over_arrays(x), ..);
    for error in [hessian(sum, &x).unwrap_err(), hvp(sum, &x, &x).unwrap_err(), jvp(over_arrays, &x, &x).unwrap_err()] {
        assert!(matches!(&error, Error::HigherDerivative { call, .. } if call.function == "over_arrays"), "{error}");
    }
}

/// √a by Newton's steps, whose derivative is taken of the equation x² = a.
#[custom_gradient]
fn root(a: &Tensor<f64>) -> Result<Tensor<f64>, Error> {
    let mut x = tf::ones_like(a);
    for _ in 0..6 {
        let (value, slope) = functional::value_and_grad(|x| tf::square(x) - a, &x)?;
        x = x - value / slope;
    }
    let grad = |dy| Ok::<_, Error>(dy / functional::grad(|x| tf::square(x), &x)?);
    Ok((x, grad))
}

#[test]
fn rules_use_forms() {
    let a = tf::constant([4.0, 9.0]);
    let close = |found: Tensor<f64>, expected: [f64; 2]| {
        let off = tf::reduce_max(tf::abs(found - tf::constant(expected)), ..).item();
        assert!(off < 1e-9, "{off}");
    };
    close(root(&a).unwrap(), [2.0, 3.0]);
    close(grad(root, &a).unwrap(), [1.0 / 4.0, 1.0 / 6.0]);
    close(jvp(root, &a, &a).unwrap().1, [1.0, 1.5]);
}
