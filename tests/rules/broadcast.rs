//! The option `broadcast`: each gradient is summed over the axes along which its input was stretched.

use gradcore::prelude::*;

/// a·b, whose gradients have the shape of the product.
#[custom_gradient(broadcast)]
fn product(a: &Tensor, b: &Tensor) -> Tensor {
    (a * b, |dy| (dy * b, dy * a))
}

/// The same, in one piece.
#[custom_gradient(broadcast)]
fn product_at_once(a: &Tensor, b: &Tensor) -> Tensor {
    let grad = |dy| {
        let both = (dy * b, dy * a);
        both
    };
    (a * b, grad)
}

#[test]
fn gradients_of_stretched_inputs_are_summed() -> Result<(), Error> {
    let a = tf::constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    for b in [tf::constant(2.0), tf::constant([1.0, 10.0, 100.0]), tf::constant([[1.0], [10.0]])] {
        for f in [product, product_at_once] {
            let tape = GradientTape::new();
            tape.watch((&a, &b));
            let (da, db) = tape.gradient(f(&a, &b), (&a, &b))?;
            let plain = GradientTape::new();
            plain.watch((&a, &b));
            let (expected_a, expected_b) = plain.gradient(&a * &b, (&a, &b))?;
            assert_eq!((da.to_vec(), db.to_vec()), (expected_a.to_vec(), expected_b.to_vec()));
            assert_eq!(db.shape(), b.shape());
        }
    }
    Ok(())
}

#[test]
fn sums_have_a_second_derivative() -> Result<(), Error> {
    // y = Σ a·b, first = dy/da = b stretched, Σ first² = 3 b², so the second is 6 b.
    let (a, b) = (tf::constant([1.0, 2.0, 3.0]), tf::constant(5.0));
    let tape = GradientTape::persistent();
    tape.watch((&a, &b));
    let y = product(&a, &b);
    let first = tape.gradient(&y, &a)?;
    assert_eq!(tape.gradient(&first * &first, &b)?.item(), 30.0);
    let of_b = tape.gradient(&y, &b)?;
    assert_eq!(tape.gradient(&of_b, &a)?.to_vec(), [1.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn what_no_sum_can_mend_is_refused_as_always() {
    #[custom_gradient(broadcast)]
    fn wrong(a: &Tensor) -> Tensor {
        (a * 1.0, |dy| tf::constant([dy.to_vec()[0], 2.0]))
    }
    let a = tf::constant([1.0, 2.0, 3.0]);
    let tape = GradientTape::new();
    tape.watch(&a);
    let error = tape.gradient(wrong(&a), &a).expect_err("two elements for three").to_string();
    assert!(error.contains("gradient of `a` in `wrong`") && error.contains("[2]"), "{error}");
}
