//! What a tape gives back: structures of targets, sources and output gradients.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::missing::reason;
use crate::watched;

#[test]
fn sources_give_their_structure_to_the_gradients() -> Result<(), Error> {
    let (a, b) = (tf::constant(2.0), tf::constant([1.0, 3.0]));
    let v: Variable = Variable::new(5.0);
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = tf::reduce_sum(&a * &b, ..) * &v;
    let one: Tensor = tape.gradient(&y, &a)?;
    let pair: (Tensor, Tensor) = tape.gradient(&y, (&a, &b))?;
    let array: [Tensor; 2] = tape.gradient(&y, [&a, &b])?;
    let vector: Vec<Tensor> = tape.gradient(&y, vec![&a, &b])?;
    let slice: Vec<Tensor> = tape.gradient(&y, &[a.clone(), b.clone()][..])?;
    let nested: (Tensor, ([Tensor; 1], Vec<Tensor>)) = tape.gradient(&y, (&v, ([&a], vec![&b])))?;
    let repeated: (Tensor, Tensor) = tape.gradient(&y, (&a, &a))?;
    for da in [&one, &pair.0, &array[0], &vector[0], &slice[0], &nested.1.0[0], &repeated.0, &repeated.1] {
        assert_eq!(da.item(), 20.0);
    }
    for db in [&pair.1, &array[1], &vector[1], &slice[1], &nested.1.1[0]] {
        assert_eq!(db.to_vec(), [10.0, 10.0]);
    }
    assert_eq!(nested.0.item(), 8.0);
    Ok(())
}

#[test]
fn targets_of_several_elements_and_several_targets_are_summed() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (a, b) = (&x * &x, &x * 3.0);
    assert_eq!(tape.gradient(&a, &x)?.to_vec(), [2.0, 4.0]);
    assert_eq!(tape.gradient((&a, &b), &x)?.to_vec(), [5.0, 7.0]);
    assert_eq!(tape.gradient([&a, &a], &x)?.to_vec(), [4.0, 8.0]);
    assert_eq!(tape.gradient(&x, &x)?.to_vec(), [1.0, 1.0]);
    assert_eq!(tape.gradient((&x, &a), &x)?.to_vec(), [3.0, 5.0]);
    Ok(())
}

#[test]
fn output_gradients_have_the_structure_of_the_target() -> Result<(), Error> {
    let x = tf::constant([1.0, 2.0]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    let (a, b) = (&x * &x, &x * 3.0);
    let ten = tf::constant([1.0, 10.0]);
    assert_eq!(tape.gradient_with(&a, &x, output_gradients(&ten))?.to_vec(), [2.0, 40.0]);
    assert_eq!(tape.gradient_with((&a, &b), &x, output_gradients((&ten, &ten)))?.to_vec(), [5.0, 70.0]);
    let scalar: Tensor = tf::constant(5.0);
    assert_eq!(tape.gradient_with(&a, &x, output_gradients(&scalar))?.to_vec(), [10.0, 20.0]);
    let wrong = tape.gradient_with(&a, &x, output_gradients(tf::constant([1.0, 2.0, 3.0]))).unwrap_err();
    assert_eq!(wrong, Error::OutputGradientShape { expected: vec![2], found: vec![3] });
    let few = tape.gradient_with(vec![&a, &b], &x, output_gradients(vec![&ten])).unwrap_err();
    assert_eq!(few, Error::OutputGradientCount { expected: 2, found: 1 });
    let none = tape.gradient_with(vec![&a, &b], &x, output_gradients(Vec::<Tensor>::new())).unwrap_err();
    assert_eq!(none, Error::OutputGradientCount { expected: 2, found: 0 });
    Ok(())
}

#[test]
fn an_intermediate_is_a_source_too() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    let a = &x * &x;
    let y = &a * 2.0;
    let (dx, da) = tape.gradient(&y, (&x, &a))?;
    assert_eq!((dx.item(), da.item()), (12.0, 2.0));
    Ok(())
}

#[test]
fn zeros_stand_for_missing_gradients_on_request() -> Result<(), Error> {
    let stranger = tf::constant([[1.0], [2.0]]);
    let (x, tape) = watched(3.0);
    let options = unconnected_gradients(UnconnectedGradients::Zero);
    let (dx, zeros) = tape.gradient_with(&x * &x, (&x, &stranger), options)?;
    assert_eq!((dx.item(), zeros.shape(), zeros.to_vec()), (6.0, &[2, 1][..], vec![0.0, 0.0]));
    Ok(())
}

#[test]
fn the_derivative_by_an_upstream_of_zero() -> Result<(), Error> {
    let (x, z) = (tf::constant(4.0), tf::constant(0.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &z));
    let dx = tape.gradient(tf::sqrt(&x) * &z, &x)?;
    assert_eq!((dx.item(), tape.gradient(&dx, &z)?.item()), (0.0, 0.25));
    Ok(())
}

#[test]
fn watching_is_a_matter_of_each_tape() -> Result<(), Error> {
    let x = tf::constant(3.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    let y = tf::square(&x) * 2.0;
    assert_eq!(reason(inner.gradient(&y, &x)), Unconnected::NotWatched);
    assert_eq!(outer.gradient(&y, &x)?.item(), 12.0);
    Ok(())
}

#[test]
fn third_order_from_nested_tapes_and_from_one_persistent_tape() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let (t1, t2, t3) = (GradientTape::new(), GradientTape::new(), GradientTape::new());
    t1.watch(&x);
    t2.watch(&x);
    t3.watch(&x);
    let y = &x * &x * &x * &x;
    let first = t3.gradient(&y, &x)?;
    let second = t2.gradient(&first, &x)?;
    assert_eq!((first.item(), second.item(), t1.gradient(&second, &x)?.item()), (32.0, 48.0, 48.0));

    let tape = GradientTape::persistent();
    tape.watch(&x);
    let y = tf::exp(&x * &x);
    let first = tape.gradient(&y, &x)?;
    let second = tape.gradient(&first, &x)?;
    let e = 4.0f32.exp();
    assert!((first.item() - 4.0 * e).abs() < 1e-3 && (second.item() - 18.0 * e).abs() < 1e-2);
    Ok(())
}

/// The gradient of x² with the output gradient s is 2 x s; by s, summed, 6.
#[test]
fn a_scalar_output_gradient_is_seen_by_the_tape() -> Result<(), Error> {
    let (x, s) = (tf::constant([1.0, 2.0]), tf::constant(2.0));
    let tape = GradientTape::persistent();
    tape.watch((&x, &s));
    let dx = tape.gradient_with(&x * &x, &x, output_gradients(&s))?;
    assert_eq!(dx.to_vec(), [4.0, 8.0]);
    assert_eq!(tape.gradient(&dx, &s)?.item(), 6.0);
    Ok(())
}
