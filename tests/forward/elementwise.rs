//! Tangents of element by element functions, and of their gradients.

use gradcore::prelude::*;

use crate::close;

/// x² y, whose rule says twice the derivative by x.
#[custom_gradient(elementwise)]
fn steep(x: f64, y: f64) -> f64 {
    (x * x * y, |dy| (dy * 4.0 * x * y, dy * x * x))
}

#[custom_gradient(elementwise)]
fn cube<T: Real>(x: T) -> T {
    (x * x * x, |dy| dy * T::of(3.0) * x * x)
}

#[custom_gradient(elementwise)]
fn guided(x: f64) -> f64 {
    (x, |dy| dy.max(0.0))
}

#[custom_gradient(elementwise)]
fn clipped<T: Real>(x: T) -> T {
    (x, |dy| dy.min(T::ONE))
}

fn vector(values: [f64; 2]) -> Tensor<f64> {
    tf::constant(values)
}

#[test]
fn a_concrete_body_is_transposed() -> Result<(), Error> {
    let (x, y) = (vector([1.0, 2.0]), tf::constant(3.0));
    let acc = ForwardAccumulator::new((&x, &y), (vector([1.0, 10.0]), tf::constant(100.0)))?;
    // 4 x y dx + x² dy
    close(&acc.jvp(steep(&x, &y))?, [12.0 + 100.0, 240.0 + 400.0]);
    let only = ForwardAccumulator::new(&y, tf::constant(100.0))?;
    close(&only.jvp(steep(&x, &y))?, [100.0, 400.0]);
    Ok(())
}

#[test]
fn its_second_derivative_is_missing_still() -> Result<(), Error> {
    let (x, y) = (vector([1.0, 2.0]), tf::constant(3.0));
    let outer = ForwardAccumulator::new(&x, vector([1.0, 1.0]))?;
    let inner = ForwardAccumulator::new(&x, vector([1.0, 1.0]))?;
    let tangent = inner.jvp(steep(&x, &y))?;
    assert!(matches!(outer.jvp(&tangent), Err(Error::HigherDerivative { call, .. }) if call.function == "steep"));
    Ok(())
}

/// x³ at [1, 2]: gradient 3 x², second derivative 6 x.
#[test]
fn forward_over_reverse() -> Result<(), Error> {
    let x = vector([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&x, vector([1.0, 10.0]))?;
    let tape = GradientTape::new();
    tape.watch(&x);
    let gradient = tape.gradient(cube(&x), &x)?;
    close(&gradient, [3.0, 12.0]);
    close(&acc.jvp(&gradient)?, [6.0, 120.0]);
    Ok(())
}

/// A tangent is a derivative by the upstream gradient; that by x would be the third of the loop.
#[test]
fn a_derivative_of_a_tangent_is_missing() -> Result<(), Error> {
    let x = vector([1.0, 2.0]);
    let tape = GradientTape::new();
    tape.watch(&x);
    let outer = ForwardAccumulator::new(&x, vector([1.0, 10.0]))?;
    let inner = ForwardAccumulator::new(&x, vector([1.0, 10.0]))?;
    let tangent = inner.jvp(cube(&x))?;
    close(&tangent, [3.0, 120.0]);
    assert!(matches!(outer.jvp(&tangent), Err(Error::HigherDerivative { call, .. }) if call.function == "cube"));
    assert!(
        matches!(tape.gradient(&tangent, &x), Err(Error::HigherDerivative { call, .. }) if call.function == "cube")
    );
    Ok(())
}

#[test]
fn a_rule_that_is_not_linear_is_named() -> Result<(), Error> {
    let x = vector([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&x, vector([1.0, 1.0]))?;
    for (name, y) in [("guided", guided(&x)), ("clipped", clipped(&x))] {
        assert!(matches!(acc.jvp(&y), Err(Error::NotLinear { call, .. }) if call.function == name), "{name}");
    }
    Ok(())
}
