//! Quotients, norms and limits of numbers whose squares over- and underflow.

use functional::{grad, jvp};
use gradcore::prelude::*;

fn gradient_of_y(f: fn(&Tensor, &Tensor) -> Tensor, x: f32, y: f32, dy: f32) -> Result<f32, Error> {
    let (x, y) = (tf::constant(x), tf::constant(y));
    let tape = GradientTape::new();
    tape.watch(&y);
    Ok(tape.gradient_with(f(&x, &y), &y, output_gradients(tf::constant(dy)))?.item())
}

#[test]
fn the_slope_of_a_quotient_is_computed_at_once() -> Result<(), Error> {
    for f in [|x: &Tensor, y: &Tensor| x / y, |x: &Tensor, y: &Tensor| tf::divide_no_nan(x, y)] {
        assert_eq!(gradient_of_y(f, 1e30, 1e20, 1e10)?, -1.0);
        assert_eq!(gradient_of_y(f, 1e-30, 1e-25, 1e-16)?, -1e4);
        assert_eq!(gradient_of_y(f, 0.0, 1e-20, 1.0)?, 0.0);
        let (_, tangent) = jvp(|y| f(&tf::constant(0.0), y), tf::constant(1e-20), tf::constant(1.0))?;
        assert_eq!(tangent.item(), 0.0);
    }
    assert_eq!(gradient_of_y(|x, y| tf::divide_no_nan(x, y), 1.0, 0.0, 1.0)?, 0.0);
    assert_eq!(gradient_of_y(|x, y| tf::divide_no_nan(x, y), 1.0, 0.0, f32::INFINITY)?, 0.0);
    Ok(())
}

#[test]
fn norms_scale_what_they_square() -> Result<(), Error> {
    for scale in [1e-40, 1e-30, 1e-20, 1.0, 1e20, 1e25, 1e37] {
        let x = tf::constant([[3.0 * scale, 4.0 * scale], [0.0, 0.0], [5.0, 12.0]]);
        let lengths = tf::norm(&x, axis(1));
        let expected = [5.0 * scale, 0.0, 13.0];
        lengths.to_vec().iter().zip(expected).for_each(|(found, expected)| {
            assert!((found - expected).abs() <= 1e-6 * expected.max(1e-39), "{found}, not {expected}");
        });
        let gradient: Tensor = grad(|x| tf::reduce_sum(tf::norm(x, axis(1)), ..), &x)?;
        gradient.to_vec().iter().zip([0.6, 0.8, 0.0, 0.0, 5.0 / 13.0, 12.0 / 13.0]).for_each(|(found, expected)| {
            assert!((found - expected).abs() <= 1e-4, "{gradient} at {scale:e}");
        });
    }
    let infinite = tf::constant([f32::INFINITY, 1.0]);
    assert_eq!(tf::norm(infinite, ..).item(), f32::INFINITY);
    assert!(tf::norm(tf::constant([f32::NAN, f32::INFINITY]), ..).item().is_nan());
    assert_eq!(tf::norm(Tensor::<f32>::from_vec(&[0], Vec::new())?, ..).item(), 0.0);
    Ok(())
}

#[test]
fn a_limit_without_end_limits_nothing() -> Result<(), Error> {
    let x = tf::constant([3.0, 4.0]);
    assert_eq!(tf::clip_by_norm(&x, f32::INFINITY, ..).to_vec(), [3.0, 4.0]);
    assert_eq!(grad(|x| tf::reduce_sum(tf::clip_by_norm(x, f32::INFINITY, ..), ..), &x)?.to_vec(), [1.0, 1.0]);
    let (clipped, length) = tf::clip_by_global_norm([&x], f32::INFINITY);
    assert_eq!((clipped[0].to_vec(), length.item()), (vec![3.0, 4.0], 5.0));
    let zeros = tf::constant([0.0, 0.0]);
    assert_eq!(tf::clip_by_norm(&zeros, 0.0, ..).to_vec(), [0.0, 0.0]);
    Ok(())
}
