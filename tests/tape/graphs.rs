//! Graphs made to break the tape.

use gradcore::Unconnected;
use gradcore::prelude::*;

use crate::missing::reason;
use crate::watched;

#[test]
fn the_same_tensor_on_both_sides() -> Result<(), Error> {
    let (x, tape) = watched(3.0);
    assert_eq!(tape.gradient(&x * &x - &x / &x + (&x - &x), &x)?.item(), 6.0);
    Ok(())
}

#[test]
fn diamonds_add_their_branches() -> Result<(), Error> {
    let (x, tape) = watched(2.0);
    let a = &x * 3.0;
    let (b, c) = (&a * &a, &a + 1.0);
    assert_eq!(tape.gradient(&b * &c + &a, &x)?.item(), 3.0 * (2.0 * 6.0 * 7.0 + 36.0) + 3.0);
    Ok(())
}

#[test]
fn a_chain_of_1_000_000_nodes_neither_recurses_nor_overflows() -> Result<(), Error> {
    let (x, tape) = watched(1.0);
    let chain = || (0..1_000_000).fold(tf::identity(&x), |y, _| &y + &x);
    assert_eq!(tape.gradient(chain(), &x)?.item(), 1_000_001.0);
    let dropped = GradientTape::new();
    dropped.watch(&x);
    let y = chain();
    drop(dropped);
    drop(y);
    let acc = ForwardAccumulator::new(&x, tf::constant(1.0))?;
    let short = (0..10_000).fold(tf::identity(&x), |y, _| &y + &x);
    assert_eq!(acc.jvp(&short)?.item(), 10_001.0);
    Ok(())
}

#[test]
fn axes_of_size_zero_and_rank_zero() -> Result<(), Error> {
    let x: Tensor = tf::zeros([0, 3]);
    let tape = GradientTape::persistent();
    tape.watch(&x);
    assert_eq!(tape.gradient(tf::reduce_sum(&x * 2.0, ..), &x)?.shape(), [0, 3]);
    assert_eq!(tape.gradient(tf::reduce_sum(&x, axis(0)), &x)?.shape(), [0, 3]);
    let product = tf::matmul(&x, tf::ones([3, 2]), ..);
    assert_eq!(product.shape(), [0, 2]);
    assert_eq!(tape.gradient(&product, &x)?.shape(), [0, 3]);
    let empty_inner = tf::matmul(tf::transpose(&x, ..), &x, ..);
    assert_eq!(empty_inner.to_vec(), [0.0; 9]);
    assert_eq!(tape.gradient(&empty_inner, &x)?.shape(), [0, 3]);
    assert_eq!(tape.gradient(tf::nn::softmax(&x, ..), &x)?.shape(), [0, 3]);
    Ok(())
}

#[test]
fn tapes_end_in_any_order() -> Result<(), Error> {
    let x = tf::constant(2.0);
    let first = GradientTape::new();
    let second = GradientTape::new();
    let third = GradientTape::new();
    first.watch(&x);
    second.watch(&x);
    third.watch(&x);
    let y = &x * &x;
    drop(second);
    let z = &y * &x;
    assert_eq!(first.gradient(&z, &x)?.item(), 12.0);
    let w = &z * &x;
    assert_eq!(third.gradient(&w, &x)?.item(), 32.0);
    Ok(())
}

#[test]
fn a_tape_opened_in_a_body_or_in_a_rule_works() -> Result<(), Error> {
    #[custom_gradient]
    fn fourth_power(x: &Tensor) -> Tensor {
        let tape = GradientTape::new();
        tape.watch(x);
        let y = x * x * x * x;
        let slope = tape.gradient(&y, x).expect("a gradient");
        let grad = |dy| {
            let tape = GradientTape::new();
            tape.watch(x);
            let again = tape.gradient(x * x * x * x, x).expect("a gradient");
            (again + &slope) * dy / 2.0
        };
        (y, grad)
    }
    let x = tf::constant(2.0);
    let (outer, inner) = (GradientTape::new(), GradientTape::new());
    outer.watch(&x);
    inner.watch(&x);
    let y = fourth_power(&x);
    let first = inner.gradient(&y, &x)?;
    assert_eq!((first.item(), outer.gradient(&first, &x)?.item()), (32.0, 48.0));
    Ok(())
}

#[test]
fn tensors_travel_between_threads_and_tapes_do_not() {
    let (x, tape) = watched(3.0);
    let squared = std::thread::scope(|scope| scope.spawn(|| &x * &x).join().expect("no panic"));
    assert_eq!(reason(tape.gradient(&squared, &x)), Unconnected::TargetNotRecorded);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..=4u8)
            .map(|k| {
                let x = &x;
                scope.spawn(move || {
                    (0..200).all(|_| {
                        let tape = GradientTape::new();
                        tape.watch(x);
                        let y = x * x * f32::from(k);
                        tape.gradient(&y, x).is_ok_and(|dx| dx.item() == 6.0 * f32::from(k))
                    })
                })
            })
            .collect();
        assert!(workers.into_iter().all(|worker| worker.join().expect("no panic")));
    });
}
