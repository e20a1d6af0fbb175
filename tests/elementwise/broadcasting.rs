//! Inputs of several shapes broadcast as those of operators do, and their gradients are summed back.

use gradcore::prelude::*;

use crate::panic_message;

#[custom_gradient(elementwise)]
fn fused<T: Real>(a: T, b: T) -> T {
    (a * a * b - b, |dy| (2.0 * a * b * dy, (a * a - 1.0) * dy))
}

fn plain(a: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    a * a * b - b
}

/// Numbers that differ from each other, exact in binary.
fn numbers(shape: &[usize]) -> Tensor<f64> {
    let size: usize = shape.iter().product();
    let values = (0..size).map(|k| f64::from(u32::try_from(k * 7 % 97).expect("small")) / 8.0 - 3.0);
    Tensor::from_vec(shape, values.collect()).expect("as many as the shape has")
}

#[test]
fn every_pair_of_shapes_is_as_with_operators() -> Result<(), Error> {
    let shapes: [(&[usize], &[usize]); 16] = [
        (&[], &[]),
        (&[3], &[]),
        (&[], &[2, 3]),
        (&[1], &[2, 3]),
        (&[3], &[2, 3]),
        (&[2, 3], &[3]),
        (&[2, 1], &[2, 3]),
        (&[2, 1], &[1, 3]),
        (&[1, 1], &[5]),
        (&[4, 1, 3], &[2, 1]),
        (&[2, 3, 1, 2], &[3, 5, 1]),
        (&[2500], &[3, 2500]),
        (&[1500, 1], &[1500, 3]),
        (&[2, 0, 3], &[3]),
        (&[0], &[]),
        (&[700, 3], &[3]),
    ];
    for (of_a, of_b) in shapes {
        let (a, b) = (numbers(of_a), numbers(of_b));
        let run = |f: fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>| {
            let tape = GradientTape::new();
            tape.watch((&a, &b));
            let y = f(&a, &b);
            let (da, db) = tape.gradient(&y, (&a, &b))?;
            Ok::<_, Error>([y, da, db])
        };
        for (found, expected) in run(fused)?.iter().zip(&run(plain)?) {
            assert_eq!(found.shape(), expected.shape(), "{of_a:?} {of_b:?}");
            crate::assert_close(&format!("{of_a:?} {of_b:?}"), found, expected);
        }
    }
    Ok(())
}

#[test]
fn shapes_that_do_not_broadcast_are_refused_at_the_call() {
    let (a, b) = (numbers(&[2, 3]), numbers(&[2]));
    let message = panic_message(|| drop(fused(&a, &b)));
    assert!(message.starts_with("`fused`: shapes [2, 3] and [2] do not broadcast"), "{message}");
}

#[custom_gradient(elementwise)]
fn three(a: f32, b: f32, c: f32) -> f32 {
    (a * b * c, |dy| (dy * b * c, dy * a * c, dy * a * b))
}

#[test]
fn a_gradient_is_summed_where_its_input_was_stretched() -> Result<(), Error> {
    // a of 2 × 1, b of 3, c a scalar: y is 2 × 3.
    let (a, b, c) = (tf::constant([[1.0], [2.0]]), tf::constant([1.0, 2.0, 4.0]), tf::constant(3.0));
    let tape = GradientTape::new();
    tape.watch((&a, &b, &c));
    let y = three(&a, &b, &c);
    assert_eq!((y.shape(), y.to_vec()), (&[2, 3][..], vec![3.0, 6.0, 12.0, 6.0, 12.0, 24.0]));
    let (da, db, dc) = tape.gradient(&y, (&a, &b, &c))?;
    // da = c Σb; db = c Σa; dc = Σa Σb.
    assert_eq!((da.shape(), da.to_vec()), (&[2, 1][..], vec![21.0, 21.0]));
    assert_eq!(db.to_vec(), [9.0, 9.0, 9.0]);
    assert_eq!(dc.item(), 21.0);
    Ok(())
}
