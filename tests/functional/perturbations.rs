//! The derivative of an inner function is never taken for that of an outer one.

use gradcore::prelude::*;

use functional::{grad, hessian, hvp, jacobian, jvp, linearize, vjp};

/// The derivative of a function of one number, at a number.
type Derivative = fn(&dyn Fn(&Tensor) -> Result<Tensor, Error>, &Tensor) -> Result<Tensor, Error>;

fn one() -> Tensor {
    tf::constant(1.0f32)
}

/// The same derivative by each form and by tapes.
fn derivatives() -> [(&'static str, Derivative); 7] {
    [
        ("grad", |f, x| grad(f, x)),
        ("vjp", |f, x| vjp(f, x)?.1.apply(one())),
        ("jvp", |f, x| Ok(jvp(f, x, one())?.1)),
        ("linearize", |f, x| linearize(f, x)?.1.apply(one())),
        ("jacobian", |f, x| jacobian(f, x)),
        ("tape", |f, x| {
            let tape = GradientTape::new();
            // A tape follows the tensor that it is given: what is computed of it elsewhere needs another.
            let x = x * 1;
            tape.watch(&x);
            let y = f(&x)?;
            tape.gradient_with(&y, &x, unconnected_gradients(UnconnectedGradients::Zero))
        }),
        ("accumulator", |f, x| {
            let x = x * 1;
            let accumulator = ForwardAccumulator::new(&x, one())?;
            let y = f(&x)?;
            accumulator.jvp_with(&y, unconnected_gradients(UnconnectedGradients::Zero))
        }),
    ]
}

#[test]
fn the_inner_derivative_of_a_sum_is_one_in_all_mixtures() {
    // d/dx [x · d/dy (x + y) at y = x] = d/dx [x · 1] = 1.
    for (outer_name, outer) in derivatives() {
        for (inner_name, inner) in derivatives() {
            let x = tf::constant(3.0f32);
            let product = |x: &Tensor| Ok(x * inner(&|y| Ok(x + y), x)?);
            assert_eq!(outer(&product, &x).unwrap().item(), 1.0, "{outer_name} of {inner_name}");
        }
    }
}

#[test]
fn inner_and_outer_derivatives_of_a_product_are_kept_apart() {
    // d/dx [x · d/dy (x y²) at y = 2x] = d/dx [x · 2x · 2x] = 12x²; for y = x: d/dx [x · 2x²] = 6x².
    for (outer_name, outer) in derivatives() {
        for (inner_name, inner) in derivatives() {
            let at = |y: fn(&Tensor) -> Tensor| {
                let x = tf::constant(3.0f32);
                outer(&|x| Ok(x * inner(&|y| Ok(x * y * y), &y(x))?), &x).unwrap().item()
            };
            assert_eq!(at(|x| x * 2), 108.0, "{outer_name} of {inner_name}");
            assert_eq!(at(Clone::clone), 54.0, "{outer_name} of {inner_name}");
        }
    }
}

#[test]
fn three_levels_in_all_mixtures() {
    // d/dx [x · d/dy [y · d/dz (x y z) at z = y] at y = x] = d/dx [x · d/dy (x y²) at y = x] = 6x² = 24 at 2.
    for (outer_name, outer) in derivatives() {
        for (middle_name, middle) in derivatives() {
            for (inner_name, inner) in derivatives() {
                let x = tf::constant(2.0f32);
                let f = |x: &Tensor| Ok(x * middle(&|y| Ok(y * inner(&|z| Ok(x * y * z), y)?), x)?);
                assert_eq!(outer(&f, &x).unwrap().item(), 24.0, "{outer_name} of {middle_name} of {inner_name}");
            }
        }
    }
}

#[test]
fn the_classic_nested_jvp() {
    // d/dx [x · d/dy (x + y)] by nested forward mode, at several points; confused, it would be 2.
    for x in [1.0f32, -4.0] {
        let x = tf::constant(x);
        let (value, derivative) = jvp(|x| Ok(x * jvp(|y| x + y, one(), one())?.1), &x, one()).unwrap();
        assert_eq!((value.item(), derivative.item()), (x.item(), 1.0));
    }
}

#[test]
fn second_derivatives_inside_are_kept_apart() {
    // h(x) = x · (d²/dy² (x y³) at y = x) = x · 6x² = 6x³, so h' = 18x².
    let x = tf::constant(2.0f32);
    for (name, outer) in derivatives() {
        let of_hessian = |x: &Tensor| Ok(x * hessian(|y| x * y * y * y, x)?);
        assert_eq!(outer(&of_hessian, &x).unwrap().item(), 72.0, "{name} of hessian");
        let of_hvp = |x: &Tensor| Ok(x * hvp(|y| x * y * y * y, x, one())?);
        assert_eq!(outer(&of_hvp, &x).unwrap().item(), 72.0, "{name} of hvp");
    }
}
