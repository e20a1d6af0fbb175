//! Second derivatives: of generic bodies by dual numbers, of concrete ones an error that says so.

use gradcore::prelude::*;

use crate::{assert_close, gradient_of};

/// x² y + y³ / x, on elements.
#[custom_gradient(elementwise)]
fn fused<T: Real>(x: T, y: T, #[nondiff] scale: T) -> T {
    let grad = |dy| (scale * dy * (2.0 * x * y - y.powi(3) / (x * x)), scale * dy * (x * x + 3.0 * y * y / x));
    (scale * (x * x * y + y.powi(3) / x), grad)
}

/// The same on tensors.
fn plain(x: &Tensor<f64>, y: &Tensor<f64>, scale: f64) -> Tensor<f64> {
    (x * x * y + y * y * y / x) * scale
}

type Function = fn(&Tensor<f64>, &Tensor<f64>, f64) -> Tensor<f64>;

/// The gradients of the sum of (∂f/∂x)² + 3 ∂f/∂y, by two tapes.
fn by_two_tapes(f: Function, x: &Tensor<f64>, y: &Tensor<f64>) -> Result<[Tensor<f64>; 2], Error> {
    let outer = GradientTape::new();
    outer.watch((x, y));
    let inner = GradientTape::new();
    inner.watch((x, y));
    let value = f(x, y, 0.5);
    let (dx, dy) = inner.gradient(&value, (x, y))?;
    let both = tf::reduce_sum(&dx * &dx, ..) + tf::reduce_sum(dy * 3.0, ..);
    let (x, y) = outer.gradient(&both, (x, y))?;
    Ok([x, y])
}

fn by_a_persistent_tape(f: Function, x: &Tensor<f64>, y: &Tensor<f64>) -> Result<[Tensor<f64>; 3], Error> {
    let tape = GradientTape::persistent();
    tape.watch((x, y));
    let value = f(x, y, 0.5);
    let (dx, dy) = tape.gradient(&value, (x, y))?;
    Ok([tape.gradient(&dx, x)?, tape.gradient(&dx, y)?, tape.gradient(&dy, y)?])
}

#[test]
fn the_second_derivative_is_that_of_the_same_function_of_tensors() -> Result<(), Error> {
    let square: Tensor<f64> = tf::constant([[1.0, 2.0], [-1.5, 3.0]]);
    let row: Tensor<f64> = tf::constant([0.5, 2.0]);
    let scalar: Tensor<f64> = tf::constant(1.25);
    for (x, y) in [(&square, &square.clone()), (&square, &row), (&row, &square), (&scalar, &square), (&scalar, &row)] {
        let y = tf::identity(y);
        for (found, expected) in by_two_tapes(fused, x, &y)?.iter().zip(&by_two_tapes(plain, x, &y)?) {
            assert_close("by two tapes", found, expected);
        }
        for (found, expected) in by_a_persistent_tape(fused, x, &y)?.iter().zip(&by_a_persistent_tape(plain, x, &y)?) {
            assert_close("by a persistent tape", found, expected);
        }
    }
    Ok(())
}

#[test]
fn the_second_derivative_in_the_upstream_is_the_gradient() -> Result<(), Error> {
    let (x, y): (Tensor<f64>, Tensor<f64>) = (tf::constant([2.0, 3.0]), tf::constant([5.0, 7.0]));
    let weights: Tensor<f64> = tf::constant([1.0, 10.0]);
    let tape = GradientTape::persistent();
    tape.watch((&x, &weights));
    let value = fused(&x, &y, 1.0);
    let dx = tape.gradient_with(&value, &x, output_gradients(&weights))?;
    // Of a sum of dx, which is weights · ∂f/∂x.
    assert_close("in the upstream", &tape.gradient(&dx, &weights)?, &gradient_of(|x| fused(x, &y, 1.0), &x));
    Ok(())
}

#[custom_gradient(elementwise)]
fn relu<T: Real>(x: T) -> T {
    (x.max(0.0), |dy| if x > 0.0 { dy } else { 0.0 })
}

#[test]
fn a_kink_has_the_derivative_of_the_branch() -> Result<(), Error> {
    let x = tf::constant([-1.0, 0.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let dx = tape.gradient(&relu(&x) * &x, &x)?;
    assert_eq!(dx.to_vec(), [0.0, 0.0, 4.0]);
    assert_eq!(tape.gradient(&dx, &x)?.to_vec(), [0.0, 0.0, 2.0]);
    Ok(())
}

#[custom_gradient(elementwise)]
fn concrete(x: f32) -> f32 {
    (x * x, |dy| 2.0 * x * dy)
}

#[test]
fn a_concrete_body_has_no_second_derivative_and_says_so() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = concrete(&x);
    let dx = tape.gradient(&y, &x)?;
    assert_eq!(dx.to_vec(), [2.0, 4.0]);
    // There is another path, through the square: without it the answer would be a wrong number.
    let error = tape.gradient(&dx * &x, &x).expect_err("no second derivative").to_string();
    assert!(error.starts_with("the second derivative of `concrete` (tests/elementwise/second.rs:"), "{error}");
    let remedy = "its gradient is computed on `f32`, which no tape sees; make the function generic over `T: Real`";
    assert!(error.ends_with(remedy), "{error}");
    assert_eq!(tape.gradient(&y, &x)?.to_vec(), [2.0, 4.0], "the tape stays usable");

    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let dx = inner.gradient(concrete(&x), &x)?;
    assert!(matches!(outer.gradient(&dx, &x), Err(Error::HigherDerivative { order: "second", .. })));
    Ok(())
}

/// A constant made of the scalar cannot become a dual number.
#[custom_gradient(elementwise)]
fn polynomial<T: Real>(x: T, coefficients: &[T]) -> T {
    let y = coefficients.iter().rev().fold(T::of(0.0), |y, &c| y * x + c);
    let mut power = 0;
    let slope = coefficients.iter().fold(0.0, |sum, &c| {
        power += 1;
        sum + c * T::of(f64::from(power - 1)) * x.powi(power - 2)
    });
    (y, |dy| dy * slope)
}

#[test]
fn what_stands_in_the_way_is_named() -> Result<(), Error> {
    let x: Tensor<f64> = tf::constant([2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = polynomial(&x, &[1.0, 2.0, 3.0]);
    let dx = tape.gradient(&y, &x)?;
    assert_eq!((y.item(), dx.item()), (17.0, 14.0));
    let error = tape.gradient(&dx, &x).expect_err("no second derivative").to_string();
    assert!(
        error.contains("its constant `coefficients` is of type `&[T]`, which is fixed; make it one of `f64`"),
        "{error}"
    );
    Ok(())
}

#[test]
fn there_is_no_third_derivative() -> Result<(), Error> {
    let x: Tensor<f64> = tf::constant([2.0]);
    let y: Tensor<f64> = tf::constant(1.0);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let first = tape.gradient(fused(&x, &y, 1.0), &x)?;
    let second = tape.gradient(&first, &x)?;
    // ∂²f/∂x² = 2 y + 2 y³ / x³.
    assert_eq!(second.item(), 2.25);
    let error = tape.gradient(&second, &x).expect_err("no third derivative").to_string();
    assert!(error.starts_with("the third derivative of `fused`"), "{error}");
    Ok(())
}

#[test]
fn gradients_agree_with_finite_differences() {
    let (step, x, y) = (1e-6, 1.7, 0.6);
    let value = |x: f64, y: f64| fused(&tf::constant(x), &tf::constant(y), 0.5).item();
    let of_x = gradient_of(|x| fused(x, &tf::constant(y), 0.5), &tf::constant(x)).item();
    let of_y = gradient_of(|y| fused(&tf::constant(x), y, 0.5), &tf::constant(y)).item();
    assert!((of_x - (value(x + step, y) - value(x - step, y)) / (2.0 * step)).abs() < 1e-8);
    assert!((of_y - (value(x, y + step) - value(x, y - step)) / (2.0 * step)).abs() < 1e-8);
}
