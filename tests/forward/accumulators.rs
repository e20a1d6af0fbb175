//! What an accumulator follows, and how accumulators and tapes nest.

use gradcore::Unconnected;
use gradcore::prelude::*;

fn along(x: &Tensor, tangent: f32) -> Result<ForwardAccumulator, Error> {
    ForwardAccumulator::new(x, tf::constant(tangent))
}

#[test]
fn tangents_of_a_product() -> Result<(), Error> {
    let (x, y) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 5.0]));
    let acc = ForwardAccumulator::new((&x, &y), (tf::constant([1.0, 0.0]), tf::constant([0.0, 1.0])))?;
    // d(x² y) = 2 x y dx + x² dy
    let z = &x * &x * &y;
    assert_eq!(acc.jvp(&z)?.to_vec(), [6.0, 4.0]);
    assert_eq!(acc.jvp((&x, [&y]))?.0.to_vec(), [1.0, 0.0]);
    Ok(())
}

#[test]
fn an_input_that_does_not_move_adds_nothing() -> Result<(), Error> {
    let (x, y) = (tf::constant(2.0), tf::constant(3.0));
    let acc = along(&x, 1.0)?;
    assert_eq!(acc.jvp(&x * &y + &y)?.item(), 3.0);
    assert_eq!(acc.jvp(&x * &x)?.item(), 4.0);
    Ok(())
}

#[test]
fn bad_tangents_are_named() {
    let (x, v) = (tf::constant([1.0, 2.0]), tf::constant([1.0, 0.0]));
    let twice = ForwardAccumulator::new([&x, &x], [&v, &v]).unwrap_err();
    assert_eq!(twice, Error::RepeatedPrimal { first: 0, second: 1 });
    let other = ForwardAccumulator::new(&x, tf::constant([1.0, 0.0, 0.0])).unwrap_err();
    assert_eq!(other, Error::TangentShape { place: 0, expected: vec![2], found: vec![3] });
    let few = ForwardAccumulator::new(vec![&x], Vec::<Tensor>::new()).unwrap_err();
    assert_eq!(few, Error::TangentCount { expected: 1, found: 0 });
}

#[test]
fn what_has_no_tangent_says_why() -> Result<(), Error> {
    let (x, stranger) = (tf::constant(2.0), tf::constant(1.0));
    let before = &x * 2.0;
    let acc = along(&x, 1.0)?;
    let reason = |target: &Tensor| match acc.jvp(target) {
        Err(Error::Unconnected { reason, .. }) => reason,
        other => panic!("expected no tangent, found {other:?}"),
    };
    assert_eq!(reason(&before), Unconnected::BeforeAccumulator);
    assert_eq!(reason(&(&stranger * 2.0)), Unconnected::NoTangent { cuts: Vec::new() });
    let Unconnected::NoTangent { cuts } = reason(&(tf::round(&x) * 2.0)) else {
        panic!("expected the calls in between")
    };
    assert!(cuts[0].starts_with("`round` at tests/forward/accumulators.rs:"), "{cuts:?}");
    let zeros = acc.jvp_with(&stranger, unconnected_gradients(UnconnectedGradients::Zero))?;
    assert_eq!(zeros.item(), 0.0);
    Ok(())
}

/// The derivatives of x^3.5 at 1.1 are 3.5 x^2.5, 8.75 x^1.5 and 13.125 x^0.5.
#[test]
fn the_outer_accumulator_follows_the_inner_one() -> Result<(), Error> {
    let x = tf::constant(1.1f64);
    let one = tf::constant(1.0f64);
    let [third, second, first] =
        [(); 3].map(|()| ForwardAccumulator::new(&x, &one).expect("the tangent has the shape of its primal"));
    let y = tf::exp(tf::log(&x) * 3.5);
    let slope = first.jvp(&y)?;
    let bend = second.jvp(&slope)?;
    let found = [slope.item(), bend.item(), third.jvp(&bend)?.item()];
    for (found, expected) in found.iter().zip([4.441_705_472, 10.094_785_164, 13.765_616_132]) {
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
    }
    assert!(first.jvp(&bend).is_err(), "the inner accumulator does not see what the outer one computes");
    Ok(())
}

/// Σ v³ at [1, 2]: gradient 3 v², Hessian diag(6 v).
#[test]
fn forward_over_reverse_is_a_hessian_vector_product() -> Result<(), Error> {
    let v = tf::constant([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&v, tf::constant([1.0, 0.0]))?;
    let tape = GradientTape::new();
    tape.watch(&v);
    let gradient = tape.gradient(tf::reduce_sum(&v * &v * &v, ..), &v)?;
    assert_eq!(gradient.to_vec(), [3.0, 12.0]);
    assert_eq!(acc.jvp(&gradient)?.to_vec(), [6.0, 0.0]);
    Ok(())
}

/// x³ at 2: the tangent along 1 is 3 x², its gradient 6 x.
#[test]
fn reverse_over_forward() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let tape = GradientTape::new();
    tape.watch(&x);
    let acc = along(&x, 1.0)?;
    let tangent = acc.jvp(&x * &x * &x)?;
    assert_eq!((tangent.item(), tape.gradient(&tangent, &x)?.item()), (12.0, 12.0));
    Ok(())
}

#[test]
fn a_variable_moves_too() -> Result<(), Error> {
    let w: Variable = Variable::new([1.0, 2.0]);
    let acc = ForwardAccumulator::new(&w, tf::constant([10.0, 1.0]))?;
    assert_eq!(acc.jvp(&w * &w)?.to_vec(), [20.0, 4.0]);
    assert_eq!(acc.jvp(&w)?.to_vec(), [10.0, 1.0]);
    Ok(())
}

/// The mean, by a rule whose body calls others.
#[custom_gradient]
fn mean(x: &Tensor) -> Tensor {
    let count = tf::reduce_sum(tf::ones_like(x), ..);
    (tf::reduce_sum(x, ..) / &count, |dy| tf::ones_like(x) * (dy / &count))
}

/// The tangent of x² depends on x, and the body of `mean` does not take it. What an accumulator computes with it there is
/// not the body's own.
#[test]
fn tangents_that_others_follow_pass_through_bodies_that_call_rules() -> Result<(), Error> {
    let (x, v) = (tf::constant([1.0, 2.0]), tf::constant([3.0, 5.0]));
    let tape = GradientTape::new();
    tape.watch(&x);
    let outer = ForwardAccumulator::new(&x, &v)?;
    let inner = ForwardAccumulator::new(&x, &v)?;
    let slope = inner.jvp(mean(&(&x * &x)) + tf::reduce_mean(&x * &x, ..))?;
    // Twice the mean of x²: 2 x v, 2 v², and 2 v by x.
    assert_eq!((slope.item(), outer.jvp(&slope)?.item()), (26.0, 68.0));
    assert_eq!(tape.gradient(&slope, &x)?.to_vec(), [6.0, 10.0]);
    Ok(())
}

/// x² at [1, 2] along s: 2 x s, summed, by s: 6.
#[test]
fn a_scalar_tangent_is_seen_by_outer_tapes() -> Result<(), Error> {
    let (x, s) = (tf::constant([1.0, 2.0]), tf::constant(2.0));
    let tape = GradientTape::new();
    tape.watch(&s);
    let acc = ForwardAccumulator::new(&x, &s)?;
    let tangent = acc.jvp(&x * &x)?;
    assert_eq!(tangent.to_vec(), [4.0, 8.0]);
    assert_eq!(tape.gradient(&tangent, &s)?.item(), 6.0);
    Ok(())
}
